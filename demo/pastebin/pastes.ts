import { randomBytes } from 'node:crypto';
import createError from 'http-errors';
import sqlite, { type Database } from 'node-sqlite3-wasm';
import * as z from 'zod';

const MINUTE = 60_000;

/** How long a paste may be kept, in ms. */
export const LIFETIMES = {
  '10 minutes': 10 * MINUTE,
  '1 hour': 60 * MINUTE,
  '1 day': 24 * 60 * MINUTE,
  '1 week': 7 * 24 * 60 * MINUTE,
} as const;

/** In characters. */
export const MAX_TEXT = 50_000;

/** What the form sends. */
export const NewPaste = z.object({
  title: z.string().trim().max(80, 'A title has at most 80 letters').default('Untitled'),
  syntax: z.string().trim().max(20, 'The name of a syntax has at most 20 letters').default('text'),
  // A form sends each line's end as two characters, which no limit in the page counts.
  text: z
    .string('Paste some text')
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .max(MAX_TEXT, `A text has at most ${MAX_TEXT} characters`),
  lifetime: z.enum(['10 minutes', '1 hour', '1 day', '1 week'], 'Choose one of the times').default('1 day'),
});
export type NewPaste = z.output<typeof NewPaste>;

/** A row of the table. */
const Paste = z.object({
  id: z.string(),
  owner: z.string(),
  title: z.string(),
  syntax: z.string(),
  text: z.string(),
  expires: z.int(),
});
export type Paste = z.output<typeof Paste>;

const TABLE = `CREATE TABLE IF NOT EXISTS pastes (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
  syntax TEXT NOT NULL, text TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT`;

/** The pastes, in SQLite. */
export class Pastes {
  readonly #file: string;
  readonly #now: () => number;
  #opened: Database | undefined;

  /**
   * @param file - Where the database is; by default in memory.
   * @param now - Tells the time in ms.
   */
  constructor(file = ':memory:', now: () => number = Date.now) {
    this.#file = file;
    this.#now = now;
  }

  /** @returns The new paste's id, which nobody can guess. */
  add({ title, syntax, text, lifetime }: NewPaste, owner: string): string {
    const id = randomBytes(9).toString('base64url');
    const now = this.#now();
    this.#database.run('DELETE FROM pastes WHERE expires <= ?', now);
    this.#database.run('INSERT INTO pastes (id, owner, title, syntax, text, expires) VALUES (?, ?, ?, ?, ?, ?)', [
      id,
      owner,
      title,
      syntax,
      text,
      now + LIFETIMES[lifetime],
    ]);
    return id;
  }

  latest(): Paste[] {
    const rows = this.#database.all('SELECT * FROM pastes WHERE expires > ? ORDER BY rowid DESC LIMIT 20', this.#now());
    return Paste.array().parse(rows);
  }

  /** @throws 404 where there is none, or none any more. */
  find(id: string): Paste {
    const row = this.#database.get('SELECT * FROM pastes WHERE id = ? AND expires > ?', [id, this.#now()]);
    if (!row) throw createError(404, 'There is no such paste, or its time is over');
    return Paste.parse(row);
  }

  remove(id: string): void {
    this.#database.run('DELETE FROM pastes WHERE id = ?', id);
  }

  close(): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  /** Opened at the first use, so that who only looks at other demos has no database. */
  get #database(): Database {
    this.#opened ??= open(this.#file);
    return this.#opened;
  }
}

function open(file: string): Database {
  const database = new sqlite.Database(file);
  database.exec(TABLE);
  return database;
}
