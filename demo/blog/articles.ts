import createError from 'http-errors';

export interface Comment {
  readonly name: string;
  readonly text: string;
}

export interface Article {
  /** What stands for it in a path. */
  readonly slug: string;
  readonly title: string;
  readonly text: string;
  readonly comments: Comment[];
}

/** Where the posts are kept; a real blog has a database in its place. */
export class Articles {
  readonly #articles = new Map<string, Article>();

  all(): Article[] {
    return [...this.#articles.values()];
  }

  /** @throws 404 where there is none. */
  find(slug: string): Article {
    const article = this.#articles.get(slug);
    if (!article) throw createError(404, 'There is no such post');
    return article;
  }

  publish(title: string, text: string): Article {
    const slug =
      title
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu)
        ?.join('-') ?? 'untitled';
    if (this.#articles.has(slug)) throw createError(409, 'There is such a post already');
    const article = { slug, title, text, comments: [] };
    this.#articles.set(slug, article);
    return article;
  }

  remove(slug: string): void {
    this.#articles.delete(this.find(slug).slug);
  }
}
