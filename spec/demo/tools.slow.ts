import { expect } from 'chai';
import { tools } from '../../demo/tools/index.js';
import { connect, textOf, told } from '../mcp/clients.js';
import { appOf, client as http, withServer } from '../support/app.js';
import { tour, tourApp } from '../support/tour.js';

describe('demo: tools', () => {
  it('offers what a model may do, and no more', () =>
    withServer(tourApp(), async (port) => {
      const client = await connect(`http://127.0.0.1:${port}/tools/mcp`);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).to.deep.equal([
        'tasks_list',
        'tasks_create',
        'tasks_finish',
        'tasks_report',
      ]);
      const call = async (name: string, args = {}) => told(await client.callTool({ name, arguments: args }));
      expect(await call('tasks_create', { title: ' ' })).to.match(/^error 400 Bad Request: title: Too small/);
      const created = await client.callTool({ name: 'tasks_create', arguments: { title: 'Bake', due: '2026-12-24' } });
      expect(JSON.parse(textOf(created))).to.deep.equal({ id: 3, isDone: false, title: 'Bake', due: '2026-12-24' });
      expect(created.structuredContent).to.deep.equal(JSON.parse(textOf(created)));
      expect(await call('tasks_finish', { id: 9 })).to.equal('error 404 Not Found: There is no such task');
      expect(await call('tasks_finish', { id: 1 })).to.match(/^ok .*"isDone":true/);
      const open = await client.callTool({ name: 'tasks_list', arguments: { done: false } });
      expect(JSON.parse(textOf(open)).map(({ id }: { id: number }) => id)).to.deep.equal([2, 3]);
      expect(await call('tasks_report')).to.equal(
        'ok done #1 Connect a client\nopen #2 Ask it what is to be done (by 2026-12-31)\nopen #3 Bake (by 2026-12-24)\n',
      );
      await client.close();
    }));

  it('has the same tasks over HTTP, and a page that tells the address', async () => {
    const agent = tour();
    expect((await agent.get('/tools/tasks?done=no')).body).to.have.length(2);
    expect((await agent.get('/tools')).text).to.match(/<pre>http:\/\/127\.0\.0\.1:\d+\/tools\/mcp<\/pre>/);
  });

  it('asks for a key where one is set', () =>
    withServer(appOf(tools('secret').middleware), async (port) => {
      const address = `http://127.0.0.1:${port}/tools/mcp`;
      const asking = http(appOf(tools('secret').middleware)).get('/tools/tasks');
      expect((await asking).status).to.equal(401);
      const client = await connect(address, {}, { headers: { Authorization: 'Bearer secret' } });
      expect((await client.listTools()).tools).to.have.length(4);
      await client.close();
      const refused = await connect(address, {}, { headers: { Authorization: 'Bearer wrong' } }).catch(String);
      expect(refused).to.include('A key, please');
    }));
});
