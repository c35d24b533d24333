import { expect } from 'chai';
import * as z from 'zod';
import { Controller, micropie, type Request, type Socket } from '../../lib/index.js';
import { open, refused, withSockets } from '../support/sockets.js';

class Root extends Controller {
  rooms = 0;

  async ws_echo(socket: Socket) {
    for await (const message of socket) await socket.send(message);
  }

  async ws_index(socket: Socket, room = 'lobby', count = 1) {
    await socket.send({ room, count });
  }

  async ws_greet(socket: Socket, name: string, { times = 1 }, request: Request) {
    await socket.send([name, times, request.route?.name, this.request === request]);
  }

  async ws_words(socket: Socket, ...words: string[]) {
    await socket.send(words);
  }

  async *ws_count(_socket: Socket, to = 3) {
    for (let n = 1; n <= to; n++) yield n;
  }

  *ws_sync() {
    yield 'a';
    yield { b: 1 };
  }

  async ws_typed(socket: Socket, id: number) {
    await socket.send(typeof id);
  }

  async ws_declared(socket: Socket, id: number, flag: boolean) {
    await socket.send([id, flag]);
  }

  async ws_room(socket: Socket, name: string, { size }: { size: number }) {
    this.rooms += 1;
    await socket.send([name, size]);
  }

  echo() {
    return 'by HTTP';
  }

  static routes = {
    ws_typed: { params: [Number] },
    ws_room: { params: [z.string().min(3).toLowerCase()], input: z.object({ size: z.coerce.number().max(9) }) },
    ws_declared: { path: '/rooms/:id/live', params: [Number, Boolean] },
  };
}

describe('ws_ methods', () => {
  const first: [title: string, path: string, message: string][] = [
    ['ws_index answers the root', '/', '{"room":"lobby","count":1}'],
    ['ws_index takes segments that fit', '/den/7', '{"room":"den","count":7}'],
    ['arguments come from path and query', '/greet/Ada?times=2', '["Ada",2,"ws_greet",true]'],
    ['arguments come from the query by name', '/greet?name=Ada', '["Ada",1,"ws_greet",true]'],
    ['a rest parameter takes the segments', '/words/a%2Fb/c', '["a/b","c"]'],
    ['a trailing slash is ignored', '/words/a/', '["a"]'],
    ['params convert', '/typed/12', 'number'],
    ['a schema of a parameter, and one of the query', '/room/LOBBY?size=7', '["lobby",7]'],
    ['a declared path, and params', '/rooms/4/live?flag=yes', '[4,true]'],
  ];
  for (const [title, path, message] of first)
    it(title, () =>
      withSockets(micropie(Root), async (service) => {
        const client = await open(service, path);
        expect(await client.next()).to.equal(message);
        expect(await client.closed).to.deep.equal({ code: 1000, reason: '' });
      }),
    );

  const refusals: [title: string, path: string, status: number, text: string][] = [
    ['a missing parameter', '/greet', 400, "400 Bad Request: Missing required parameter 'name'"],
    ['a wrong one', '/typed/x', 400, "400 Bad Request: Parameter 'id' must be a number"],
    ['a path that can not be decoded', '/echo/%zz', 400, '400 Bad Request: Bad path'],
    ['a path that names no socket', '/nobody/knows/this', 404, 'Not Found'],
    ['a path with ws_', '/ws_echo', 404, 'Not Found'],
    ['a path that does not fit ws_index', '/den/seven', 404, 'Not Found'],
  ];
  for (const [title, path, status, text] of refusals)
    it(`are refused by HTTP for ${title}`, () =>
      withSockets(micropie(Root), async (service) => {
        const answer = await refused(service, path);
        expect([answer.status, answer.text]).to.deep.equal([status, text]);
      }));

  it('are refused by HTTP with all that their schemas say, before the handshake', () => {
    const root = new Root();
    return withSockets(micropie(root), async (service) => {
      const { status, text, headers } = await refused(service, '/room/ab?size=10');
      expect([status, headers['content-type']]).to.deep.equal([400, 'application/problem+json']);
      const { errors } = JSON.parse(text);
      expect(errors).to.have.length(2);
      expect(text).to.match(/Too small.*Too big/s);
      expect(root.rooms).to.equal(0);
    });
  });

  it('echo texts and bytes as what they are, whole and in order', () =>
    withSockets(micropie(Root), async (service) => {
      const client = await open(service, '/echo');
      const sent = ['', 'a', 'grüße €', Buffer.from([0, 255]), Buffer.alloc(0), 'x'.repeat(300_000)];
      client.send(...sent);
      expect(await client.received(sent.length)).to.deep.equal(sent);
      expect(await client.leave(3001, 'bye')).to.deep.equal({ code: 3001, reason: 'bye' });
    }));

  it('send what a generator yields, and close when it ends', () =>
    withSockets(micropie(Root), async (service) => {
      const counting = await open(service, '/count/4');
      expect((await counting.closed).code).to.equal(1000);
      expect(counting.messages).to.deep.equal(['1', '2', '3', '4']);
      const sync = await open(service, '/sync');
      await sync.closed;
      expect(sync.messages).to.deep.equal(['a', '{"b":1}']);
    }));

  it('do not answer ordinary requests, nor do other methods answer handshakes', () =>
    withSockets(micropie(Root), async (service) => {
      expect((await fetch(`${service.url}/count`)).status).to.equal(404);
      expect(await (await fetch(`${service.url}/echo`)).text()).to.equal('by HTTP');
      const Page = class {
        page(...rest: string[]) {
          return rest;
        }
      };
      await withSockets([micropie(Page), micropie(Root)], async (both) =>
        expect((await refused(both, '/page/of/mine')).status).to.equal(404),
      );
    }));
});
