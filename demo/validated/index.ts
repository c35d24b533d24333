import { Controller, type Micropie, micropie, nested, type Routes, reply } from '../../lib/index.js';
import { FormIssues } from './form-issues.js';
import { OrderBook } from './order-book.js';
import { formPage, receiptPage } from './pages.js';
import { Filter, NewOrder, Order, OrderForm } from './schemas.js';

/** The API: JSON in, JSON out, and problem documents. */
class Orders {
  static routes = {
    list: { path: 'GET /', input: Filter, returns: Order.array() },
    create: { path: 'POST /', input: NewOrder, returns: Order },
    show: { path: 'GET /:id', params: [Number], returns: Order },
  } satisfies Routes<Orders>;

  readonly #book: OrderBook;

  constructor(book: OrderBook) {
    this.#book = book;
  }

  list(filter: Filter) {
    return this.#book.search(filter);
  }

  create(order: NewOrder) {
    const kept = this.#book.add(order);
    return reply(201, kept, { Location: `/validated/orders/${kept.id}` });
  }

  show(id: number) {
    return this.#book.find(id);
  }
}

/** The page: the same rules, for people who fill in a form. */
export class Validated extends Controller {
  static routes = {
    index: 'GET /',
    order: { path: 'POST /', input: OrderForm, middlewares: [new FormIssues()] },
    thanks: { path: 'GET /thanks/:id', params: [Number] },
  } satisfies Routes<Validated>;

  readonly #book = new OrderBook();
  readonly orders = nested(Orders, this.#book);

  index() {
    return formPage();
  }

  /** It leads elsewhere, so that a reload does not order again. */
  order(order: NewOrder) {
    return this.redirect(`/validated/thanks/${this.#book.add(order).id}`, 303);
  }

  thanks(id: number) {
    return receiptPage(this.#book.find(id));
  }
}

export function validated(): Micropie {
  return micropie(Validated, { prefix: '/validated', session: false });
}
