import { defineEvent, defineEvents } from 'busbar';
import { Type } from 'typebox';

/** The topic of the example; whoever runs the service creates it. */
export const ORDERS_TOPIC = 'orders';

/** What the service tells the world. Keyed by customer, so that the orders of a customer stay in order. */
export const events = defineEvents({
  'order.created': defineEvent({
    version: 1,
    topic: ORDERS_TOPIC,
    key: (order) => order.customerId,
    schema: Type.Object({
      orderId: Type.String({ minLength: 1, maxLength: 64 }),
      customerId: Type.String({ minLength: 1, maxLength: 64 }),
      /** Number of this order among the customer's orders, from 1 without gaps: the log alone shows whether order was kept. */
      customerSeq: Type.Integer({ minimum: 1 }),
      totalCents: Type.Integer({ minimum: 0 }),
    }),
  }),
});
