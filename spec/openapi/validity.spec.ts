import { expect } from 'chai';
import { openapi } from '../../lib/openapi/openapi.js';
import { tortureMounts } from './controllers.js';
import { complaintsAbout, INFO } from './documents.js';

describe('openapi: a document is valid for the OpenAPI schema, a parser and a linter', () => {
  it('of a controller with all that there is', async () => {
    expect(await complaintsAbout(openapi(tortureMounts(), { info: INFO }))).to.deep.equal([]);
  });
});
