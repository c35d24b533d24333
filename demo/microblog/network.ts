import { randomUUID } from 'node:crypto';
import createError from 'http-errors';
import * as z from 'zod';
import { hashPassword, isPassword } from './passwords.js';

const NAME = 'A name has 2 to 20 of the letters a to z, digits and underscores';

export const NewAccount = z.object({
  name: z.string(NAME).regex(/^\w{2,20}$/, NAME),
  password: z
    .string('A password has at least 8 characters')
    .min(8, 'A password has at least 8 characters')
    .max(200, 'A password has at most 200 characters'),
});
export type NewAccount = z.output<typeof NewAccount>;

export const NewPost = z.object({
  text: z.string('Write something').trim().min(1, 'Write something').max(280, 'A post has at most 280 characters'),
});
export type NewPost = z.output<typeof NewPost>;

export interface Person {
  /** What a session knows: unlike a name, it is never given to anybody else. */
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly follows: Set<Person>;
}

export interface Post {
  readonly author: Person;
  readonly text: string;
  readonly at: Date;
}

const PER_PAGE = 50;

/** Who is there, and what they wrote; a real one has a database in its place. */
export class Network {
  readonly #people = new Map<string, Person>();
  readonly #names = new Map<string, Person>();
  readonly #posts: Post[] = [];

  /** @throws 409 where the name is taken. */
  async register({ name, password }: NewAccount): Promise<Person> {
    const hash = await hashPassword(password);
    // Only now, since somebody else may have come meanwhile.
    if (this.#names.has(name.toLowerCase())) throw createError(409, 'Somebody has this name already');
    const person = { id: randomUUID(), name, hash, follows: new Set<Person>() };
    this.#people.set(person.id, person);
    this.#names.set(name.toLowerCase(), person);
    return person;
  }

  /** The person whose name and password these are. */
  async recognize(name: string, password: string): Promise<Person | undefined> {
    const person = this.#names.get(name.toLowerCase());
    return (await isPassword(password, person?.hash)) ? person : undefined;
  }

  find(id: string): Person | undefined {
    return this.#people.get(id);
  }

  /** @throws 404 where there is nobody of this name. */
  named(name: string): Person {
    const person = this.#names.get(name.toLowerCase());
    if (!person) throw createError(404, 'There is nobody of this name');
    return person;
  }

  write(author: Person, { text }: NewPost): void {
    this.#posts.unshift({ author, text, at: new Date() });
  }

  /** The latest posts: of everybody, or of some. */
  timeline(authors?: ReadonlySet<Person>): Post[] {
    return this.#posts.filter(({ author }) => authors?.has(author) ?? true).slice(0, PER_PAGE);
  }
}
