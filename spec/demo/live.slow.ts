import { expect } from 'chai';
import { withServer } from '../support/app.js';
import { tour, tourApp } from '../support/tour.js';

/** The ids of the first events. */
async function idsOf(base: string, count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const answer = await fetch(`${base}/live/count`, { headers });
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const ids = Array.from(text.matchAll(/^id: (\S+)$/gm), ([, id]) => Number(id));
    if (ids.length >= count) return ids;
  }
  throw new Error('The events ended');
}

describe('demo: live', () => {
  it('has a page whose script is a file of its own', async () => {
    expect((await tour().get('/live')).text).to.contain('src="/live/count.js"');
    const { type, text } = await tour().get('/live/count.js');
    expect(type).to.match(/javascript$/);
    expect(text).to.contain("new EventSource('/live/count')");
  });

  const starts: [lastId: string | undefined, ids: number[]][] = [
    [undefined, [1, 2]],
    ['41', [42, 43]],
    ['nonsense', [1, 2]],
  ];
  for (const [lastId, ids] of starts)
    it(`goes on with ${ids.join(', ')} for the last id ${lastId ?? 'of nobody'}`, () =>
      withServer(tourApp(), async (port) => {
        const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
        expect(await idsOf(`http://127.0.0.1:${port}`, 2, headers)).to.deep.equal(ids);
      }));
});
