import { expect } from 'chai';
import { describeGuides } from './support/describe-guides.js';
import { guides } from './support/snippets.js';

// The other texts are held to what they show in guides.slow.ts.
const readme = guides().filter(({ path }) => path === 'README.md');

describe('The README', () => {
  describeGuides(readme);

  it('has at most 350 lines', () => {
    expect(readme[0]?.text.split('\n').length).to.be.at.most(350);
  });
});
