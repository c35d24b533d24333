import * as z from 'zod';

export const PIES = ['apple', 'cherry', 'leek', 'spinach'] as const;
const MOST = 20;
const ZIP = 'A postal code of five digits';

const Pie = z.enum(PIES, 'Choose one of the pies that we bake');
const Count = z.int('How many?').min(1, 'At least 1').max(MOST, `At most ${MOST}`);
const Name = z.string('Who are you?').trim().min(1, 'Who are you?').max(80, 'At most 80 letters');
const Email = z.email('An e-mail address, such as ada@example.org');
const Address = z.object({
  street: z.string('Which street?').trim().min(1, 'Which street?'),
  city: z.string('Which city?').trim().min(1, 'Which city?'),
  // Text, which keeps its zeros: the library converts only what a schema can't take as text.
  zip: z.string(ZIP).regex(/^\d{5}$/, ZIP),
});
const Item = z.object({ pie: Pie, count: Count });

/** What a program sends as JSON: objects in objects, and a list. */
export const NewOrder = z.object({
  name: Name,
  email: Email,
  address: Address,
  items: z.array(Item).min(1, 'Order something').max(PIES.length),
  note: z.string().max(200, 'At most 200 letters').default(''),
});
export type NewOrder = z.output<typeof NewOrder>;

/** An HTML form is flat. It has the same rules, and becomes the same order. */
export const OrderForm = z
  .object({
    name: Name,
    email: Email,
    ...Address.shape,
    pies: z.array(Pie, 'Choose at least one'),
    count: Count,
    note: NewOrder.shape.note,
  })
  .transform(({ street, city, zip, pies, count, ...rest }): NewOrder => {
    return { ...rest, address: { street, city, zip }, items: pies.map((pie) => ({ pie, count })) };
  });

/** What the public may see of an order; `returns` leaves the rest out of every answer. */
export const Order = z.object({
  id: z.int(),
  name: z.string(),
  city: z.string(),
  items: z.array(Item),
  total: z.int(),
});

/** The query of the list. */
export const Filter = z.object({
  pie: z.array(Pie).default([]),
  city: z.string().optional(),
  least: z.int().min(1).default(1),
  page: z.int().min(1).default(1),
});
export type Filter = z.output<typeof Filter>;
