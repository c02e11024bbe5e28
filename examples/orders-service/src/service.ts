import { createBusbar } from 'busbar';
import { isPostgresError } from 'busbar/postgres';
import type { ProducerDriver } from 'busbar/producer-pool';
import fastify, { type FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';

import { events } from './events.ts';

/** `POST /orders`. The caller chooses the id, so that it can ask again after an answer that got lost. */
const NewOrder = Type.Object({
  orderId: Type.String({ minLength: 1, maxLength: 64 }),
  customerId: Type.String({ minLength: 1, maxLength: 64 }),
  totalCents: Type.Integer({ minimum: 0 }),
  /** What the payment provider will say; the demo's customers choose it themselves. */
  payment: Type.Enum(['accepted', 'declined']),
});
type NewOrder = Static<typeof NewOrder>;

/** Ends the transaction after the event was published in it: neither the order nor the event may survive. */
class PaymentDeclined extends Error {}

const UNIQUE_VIOLATION = '23505';

const connect = (driver?: ProducerDriver) =>
  createBusbar({ events, outbox: { migrate: 'auto' }, ...(driver === undefined ? {} : { driver }) });

type Bus = Awaited<ReturnType<typeof connect>>;

/** The domain transaction: locks the customer, inserts the order, publishes the event; all of it or nothing is committed. */
const placeOrder = (bus: Bus, order: NewOrder): Promise<number> =>
  bus.transaction(async (tx) => {
    const customerSeq = await tx.value<number>(
      `insert into customers (id, order_count) values ($1, 1)
       on conflict (id) do update set order_count = customers.order_count + 1 returning order_count`,
      [order.customerId],
    );
    await tx.query('insert into orders (id, customer_id, customer_seq, total_cents) values ($1, $2, $3, $4)', [
      order.orderId,
      order.customerId,
      customerSeq,
      order.totalCents,
    ]);
    const { orderId, customerId, totalCents } = order;
    await tx.publish('order.created', { orderId, customerId, customerSeq, totalCents });
    if (order.payment === 'declined') throw new PaymentDeclined();
    return customerSeq;
  });

const addRoutes = (app: FastifyInstance, bus: Bus): void => {
  app.post<{ Body: NewOrder }>('/orders', { schema: { body: NewOrder } }, async (request, reply) => {
    try {
      return await reply.code(201).send({ customerSeq: await placeOrder(bus, request.body) });
    } catch (error) {
      if (error instanceof PaymentDeclined) return reply.code(402).send({ problem: 'payment declined' });
      if (isPostgresError(error) && error.sqlState === UNIQUE_VIOLATION)
        return reply.code(200).send({ repeated: true });
      request.log.error(error);
      return reply.code(503).send({ problem: 'try again' });
    }
  });
  app.get('/healthz', (_request, reply) => {
    const health = bus.health();
    return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health);
  });
  app.get('/readyz', (_request, reply) => reply.code(bus.ready() ? 200 : 503).send());
  app.get('/stats', (_request, reply) =>
    reply.header('content-type', 'application/json').send(JSON.stringify(bus.stats(), bigintsAsText)),
  );
};

const bigintsAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

export interface OrdersService {
  readonly port: number;
  readonly bus: Bus;
  readonly app: FastifyInstance;
}

/**
 * Starts the service on 127.0.0.1: settings from the environment (`BUSBAR_…`), a free port unless `port` is given.
 * SIGTERM and SIGINT stop the bus in order, and then the process.
 */
export const startOrdersService = async (
  o: { port?: number; driver?: ProducerDriver } = {},
): Promise<OrdersService> => {
  const bus = await connect(o.driver);
  await bus.start();
  bus.closeOn(['SIGTERM', 'SIGINT']);
  const app = fastify({ logger: { level: 'error' } });
  addRoutes(app, bus);
  const address = new URL(await app.listen({ host: '127.0.0.1', port: o.port ?? 0 }));
  return { port: Number(address.port), bus, app };
};
