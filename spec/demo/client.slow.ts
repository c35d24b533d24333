import { join } from 'node:path';
import { expect } from 'chai';
import type { Api } from '../../demo/client/tasks.js';
import { CallError, client } from '../../lib/client/index.js';
import { withServer } from '../support/app.js';
import { bin, ROOT, run } from '../support/package.js';
import { tour, tourApp } from '../support/tour.js';

const routes = { tasks: { list: 'GET /', create: 'POST /', change: 'PATCH /:id', remove: 'DELETE /:id' } } as const;

describe('demo: client', () => {
  it('has an API that the client calls', () =>
    withServer(tourApp(), async (port) => {
      const api = client<typeof Api>(`http://127.0.0.1:${port}/client/api`, { routes });
      expect((await api.tasks.list()).map(({ title }) => title)).to.deep.equal([
        'Read the guide',
        'Call a method from a page',
      ]);
      expect(await api.tasks.create('New')).to.deep.equal({ id: 3, title: 'New', isDone: false });
      expect(await api.tasks.change(3, 'Newer', true)).to.deep.equal({ id: 3, title: 'Newer', isDone: true });
      await api.tasks.remove(1);
      expect(await api.load(new File(['a\nb\n'], 'tasks.txt'))).to.equal(2);
      let report = '';
      for await (const text of api.report()) report += text;
      expect(report).to.equal('open: Call a method from a page\ndone: Newer\nopen: a\nopen: b\n');
      const errorOf = (call: PromiseLike<unknown>) => Promise.resolve(call).catch((error: unknown) => error);
      expect(await errorOf(api.tasks.create(' ')))
        .to.be.instanceOf(CallError)
        .with.property('status', 422);
      expect(await errorOf(api.tasks.change(9, 'x', true))).to.have.property('message', 'There is no such task');
    }));

  it('has a page whose script holds nothing of the server', async () => {
    const { text, type } = await tour().get('/client/page.js');
    expect(type).to.equal('text/javascript');
    expect(text).to.include('/client/api').and.not.include('Read the guide').and.not.include('import');
  });

  it('has a page that compiles', async function () {
    this.timeout(60_000);
    const { output } = await run(bin('tsc'), ['-p', join(ROOT, 'demo/client'), '--pretty', 'false'], ROOT);
    expect(output).to.equal('');
  });
});
