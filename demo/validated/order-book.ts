import createError from 'http-errors';
import type { Filter, NewOrder } from './schemas.js';

/** An order as it is kept: with the address, which only the baker may see. */
export type KeptOrder = NewOrder & { readonly id: number; readonly city: string; readonly total: number };

const PER_PAGE = 10;

/** Where the orders are kept; a real bakery has a database in its place. */
export class OrderBook {
  readonly #orders: KeptOrder[] = [];

  add(order: NewOrder): KeptOrder {
    const total = order.items.reduce((sum, { count }) => sum + count, 0);
    const kept = { ...order, id: this.#orders.length + 1, city: order.address.city, total };
    this.#orders.push(kept);
    return kept;
  }

  /** @throws 404 where there is none. */
  find(id: number): KeptOrder {
    const order = this.#orders[id - 1];
    if (!order) throw createError(404, 'There is no such order');
    return order;
  }

  search({ pie, city, least, page }: Filter): KeptOrder[] {
    return this.#orders
      .filter((order) => city === undefined || order.city === city)
      .filter(({ items }) => pie.length === 0 || items.some((item) => pie.includes(item.pie)))
      .filter(({ total }) => total >= least)
      .slice((page - 1) * PER_PAGE, page * PER_PAGE);
  }
}
