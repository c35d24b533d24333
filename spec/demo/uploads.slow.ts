import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../../demo/temp.js';
import { tour } from '../support/tour.js';

const BYTES = Buffer.from([0, 1, 2, 253, 254, 255]);

describe('demo: uploads', () => {
  it('has a form for files', async () => {
    const { text } = await tour().get('/uploads');
    expect(text).to.contain('enctype="multipart/form-data"').and.contain('None yet.');
  });

  it('keeps several files, lists them and gives them back', async () => {
    const agent = tour();
    const sent = await agent
      .post('/uploads/upload')
      .attach('files', BYTES, 'one.bin')
      .attach('files', BYTES, 'two.bin');
    expect([sent.status, sent.headers.location]).to.deep.equal([302, '/uploads']);
    const { body } = await agent.get('/uploads/list');
    expect(body).to.deep.equal([
      { id: body[0].id, name: 'one.bin', size: BYTES.length },
      { id: body[1].id, name: 'two.bin', size: BYTES.length },
    ]);
    const answer = await agent.get(`/uploads/download/${body[1].id}`);
    expect(answer.body).to.deep.equal(BYTES);
    expect(answer.headers).to.include({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="two.bin"',
      'content-length': String(BYTES.length),
      'x-content-type-options': 'nosniff',
    });
  });

  it('does no harm with a hostile name', async () => {
    const agent = tour();
    await agent.post('/uploads/upload').attach('files', BYTES, '../../"<img src=x onerror=alert(1)>é.html');
    const { text } = await agent.get('/uploads');
    expect(text).to.contain('&lt;img src=x').and.not.contain('<img src=x');
    const [{ id, name }] = (await agent.get('/uploads/list')).body;
    expect(name).not.to.contain('/');
    const { headers } = await agent.get(`/uploads/download/${id}`);
    expect(headers['content-type']).to.equal('application/octet-stream');
    expect(headers['content-disposition']).to.match(
      /^attachment; filename="(?:[^"\\]|\\.)*"; filename\*=UTF-8''[\w%.*!-]+$/,
    );
  });

  it('keeps nothing of a form without files', async () => {
    const agent = tour();
    await agent.post('/uploads/upload').field('files', 'only text');
    expect((await agent.get('/uploads/list')).body).to.deep.equal([]);
  });

  for (const method of ['post', 'delete'] as const)
    it(`deletes a file by ${method.toUpperCase()}`, async () => {
      const agent = tour();
      await agent.post('/uploads/upload').attach('files', BYTES, 'one.bin');
      const [{ id }] = (await agent.get('/uploads/list')).body;
      expect(existsSync(join(tempFolder(), id))).to.equal(true);
      expect((await agent[method](`/uploads/remove/${id}`)).status).to.equal(method === 'post' ? 302 : 204);
      expect((await agent.get(`/uploads/download/${id}`)).status).to.equal(404);
      expect(existsSync(join(tempFolder(), id))).to.equal(false);
    });

  it('refuses more than five files and keeps none of them', async () => {
    const agent = tour();
    const test = agent.post('/uploads/upload');
    for (let count = 0; count < 6; count++) test.attach('files', BYTES, `${count}.bin`);
    expect((await test).status).to.equal(413);
    expect((await agent.get('/uploads/list')).body).to.deep.equal([]);
  });

  for (const path of ['/uploads/download/unknown', '/uploads/download/..%2Ftone.wav'])
    it(`answers ${path} with 404`, async () => {
      expect((await tour().get(path)).status).to.equal(404);
    });
});
