import { expect } from 'chai';
import type { Middleware } from 'koa';
import request from 'supertest';
import { Controller, micropie, reply, type UploadedFile } from '../../lib/index.js';
import { appOf } from '../support/app.js';

class Root extends Controller<{ user?: string }> {
  login(user: string) {
    this.session.user = user;
    return 'welcome';
  }

  async send(folder: string, page = 0, title = '', photo: UploadedFile, user: string, tags = [], note = 'no note') {
    return { folder, page, title, photo: await photo.text(), filename: photo.filename, user, tags, note };
  }

  async named(folder: string, { page = 0, title, photo, user, note = 'no note' }: Named) {
    return { folder, page, title, photo: await photo.text(), filename: photo.filename, user, note };
  }

  static routes = { login: 'POST' };
}

interface Named {
  page?: number;
  title: string;
  photo: UploadedFile;
  user: string;
  note?: string;
}

/** A visitor who has logged in. */
async function visitor(...middleware: Middleware[]) {
  const agent = request.agent(appOf(...middleware, micropie(Root)).callback());
  await agent.post('/login').send({ user: 'alice' }).expect(200);
  return agent;
}

describe('Arguments from path, query, field, file and session in one request', () => {
  const expected = {
    folder: 'holiday',
    page: 2,
    title: 'At the sea',
    photo: 'pixels',
    filename: 'sea.png',
    user: 'alice',
    note: 'no note',
  };

  it('reach positional parameters', async () => {
    const { status, body } = await (await visitor())
      .post('/send/holiday?page=2&tags=a')
      .field('tags', 'ignored')
      .field('title', 'At the sea')
      .attach('photo', Buffer.from('pixels'), 'sea.png');
    expect({ status, body }).to.deep.equal({ status: 200, body: { ...expected, page: 2, tags: ['a'] } });
  });

  it('reach an object pattern', async () => {
    const { status, body } = await (await visitor())
      .post('/named/holiday?page=2')
      .attach('photo', Buffer.from('pixels'), 'sea.png')
      .field('title', 'At the sea');
    expect({ status, body }).to.deep.equal({ status: 200, body: expected });
  });

  it('come in this order: query before field before file before session', async () => {
    const agent = await visitor();
    const all = await agent
      .post('/named/holiday?title=query')
      .field('title', 'field')
      .field('user', 'field')
      .field('note', 'field')
      .attach('note', Buffer.from('file'), 'note.txt')
      .attach('photo', Buffer.from('pixels'), 'sea.png');
    expect(all.body).to.include({ title: 'query', user: 'field', note: 'field' });
    // A file is found before the default, and is no text.
    const fileFirst = await agent.post('/send/holiday').attach('title', Buffer.from('file'), 'title.txt');
    expect({ status: fileFirst.status, text: fileFirst.text }).to.deep.equal({
      status: 400,
      text: "400 Bad Request: Parameter 'title' must be text; Missing required parameter 'photo'",
    });
  });

  it('are missed one by one', async () => {
    const agent = await visitor();
    const withoutFile = await agent.post('/named/holiday').field('title', 'x');
    expect(withoutFile.text).to.equal("400 Bad Request: Missing required parameter 'photo'");
    const withoutField = await agent.post('/named/holiday').attach('photo', Buffer.from('x'), 'x');
    expect(withoutField.text).to.equal("400 Bad Request: Missing required parameter 'title'");
    const stranger = await request(appOf(micropie(Root)).callback())
      .post('/named/holiday')
      .field('title', 'x')
      .attach('photo', Buffer.from('x'), 'x');
    expect(stranger.text).to.equal("400 Bad Request: Missing required parameter 'user'");
  });

  it('are there for before hooks as far as they were read: session and query, but no file yet', async () => {
    const seen: unknown[] = [];
    const agent = request.agent(
      appOf(
        micropie(Root, {
          middlewares: [
            {
              beforeRequest(request) {
                seen.push([
                  request.session['user'],
                  request.query('page'),
                  Object.keys(request.files),
                  Object.keys(request.bodyParams),
                ]);
                return request.query('page') ? reply(403, 'refused') : undefined;
              },
            },
          ],
        }),
      ).callback(),
    );
    await agent.post('/login').type('form').send({ user: 'alice' }).expect(200);
    await agent.post('/send/holiday?page=2').field('title', 'x').attach('photo', Buffer.from('x'), 'x').expect(403);
    expect(seen).to.deep.equal([
      [undefined, undefined, [], ['user']],
      ['alice', '2', [], []],
    ]);
  });
});
