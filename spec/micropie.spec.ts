import { expect } from 'chai';
import { micropie } from '../lib/index.js';
import { client } from './support/app.js';

describe('micropie(controller)', () => {
  it('answers with what the method of the path returns', async () => {
    class Root {
      greet(name = 'Guest') {
        return `Hello, ${name}!`;
      }
    }
    const { status, text } = await client(micropie(Root)).get('/greet/Alice');
    expect({ status, text }).to.deep.equal({ status: 200, text: 'Hello, Alice!' });
  });
});
