import { z } from 'zod';

/** The schema of `ORDER`, for whoever checks with zod. */
export const Order = z.object({
  title: z.string().min(1),
  count: z.number().int().min(1),
  tags: z.array(z.string()),
  note: z.string().max(1000),
});

/** The same as Fastify has it. */
export const ORDER_SCHEMA = {
  type: 'object',
  required: ['title', 'count', 'tags', 'note'],
  properties: {
    title: { type: 'string', minLength: 1 },
    count: { type: 'integer', minimum: 1 },
    tags: { type: 'array', items: { type: 'string' } },
    note: { type: 'string', maxLength: 1000 },
  },
};
