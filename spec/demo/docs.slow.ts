import { expect } from 'chai';
import { createDemos } from '../../demo/tour.js';
import { complaintsAbout } from '../openapi/documents.js';
import { tour } from '../support/tour.js';

describe('demo: docs', () => {
  it('serves the document of the whole tour, valid for the schema, a parser and a linter', async () => {
    const { body, status } = await tour().get('/docs/openapi.json');
    expect(status).to.equal(200);
    expect(await complaintsAbout(body)).to.deep.equal([]);
  });

  it('has every demo in it', async () => {
    const { body } = await tour().get('/docs/openapi.json');
    const paths = Object.keys(body.paths);
    for (const { title } of createDemos().filter(({ title }) => title !== 'docs'))
      expect(
        paths.some((path) => path.startsWith(`/${title}`)),
        title,
      ).to.equal(true);
  });

  it('tells of a file chooser where files are sent', async () => {
    const { body } = await tour().get('/docs/openapi.json');
    const file = { type: 'string', format: 'binary' };
    const formOf = (path: string) => body.paths[path].post.requestBody.content['multipart/form-data'].schema.properties;
    expect(formOf('/uploads/upload')).to.deep.equal({ files: { type: 'array', items: file } });
    expect(formOf('/client/api/load')).to.deep.equal({ file });
  });

  it('serves the explorer and all that it asks for itself', async () => {
    const agent = tour();
    const { text, headers } = await agent.get('/docs');
    expect(headers['content-security-policy']).to.contain("default-src 'self'");
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).to.include.members([
      '/docs/swagger-ui.js',
      '/docs/swagger-ui.css',
      '/docs/docs.js',
      '/docs/docs.css',
    ]);
    for (const link of links) expect((await agent.get(link)).status, link).to.equal(200);
  });
});
