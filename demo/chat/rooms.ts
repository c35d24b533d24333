import { randomUUID } from 'node:crypto';
import { type Channel, channel, type Socket } from '../../lib/index.js';
import type { Connect, News } from './bus.js';

/** What somebody said. */
export interface Said {
  readonly name: string;
  readonly text: string;
}

/** All rooms, in whatever process their people are. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #id = randomUUID();
  readonly #tell: (news: News) => void;

  constructor(connect: Connect) {
    this.#tell = connect((news) => this.#hear(news));
    this.#tell({ kind: 'ask' });
  }

  room(name: string): Room {
    const room = this.#rooms.get(name) ?? new Room();
    this.#rooms.set(name, room);
    return room;
  }

  say(room: string, name: string, text: string): void {
    this.#tell({ kind: 'said', room, name, text });
  }

  enter(name: string, socket: Socket, person: string): void {
    this.room(name).sockets.set(socket, person);
    this.#tellWho(name);
  }

  leave(name: string, socket: Socket): void {
    this.room(name).sockets.delete(socket);
    this.#tellWho(name);
  }

  #tellWho(room: string): void {
    this.#tell({ kind: 'here', room, from: this.#id, names: [...this.room(room).sockets.values()] });
  }

  #hear(news: News): void {
    if (news.kind === 'said') this.room(news.room).said.publish({ name: news.name, text: news.text });
    else if (news.kind === 'here') this.room(news.room).here(news.from, news.names);
    else for (const [name, { sockets }] of this.#rooms) if (sockets.size > 0) this.#tellWho(name);
  }
}

class Room {
  /** The last hundred messages, for who comes, or comes back. */
  readonly said: Channel<Said> = channel({ keep: 100 });
  /** Those of this process, and their names. */
  readonly sockets = new Map<Socket, string>();
  readonly #names = new Map<string, readonly string[]>();

  get names(): string[] {
    return [...this.#names.values()].flat().sort();
  }

  here(process: string, names: readonly string[]): void {
    this.#names.set(process, names);
    for (const socket of this.sockets.keys()) socket.send({ names: this.names });
  }
}
