/** What a client sends: text, or bytes. */
export type Message = string | Buffer;
