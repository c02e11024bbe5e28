import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { LatencyRecorder } from './latency.ts';

export interface LoadOptions {
  /** Where the service listens; asked again for each call, since a killed service comes back on another port. */
  readonly port: () => number;
  readonly orders: number;
  readonly customers: number;
  /** Calls in flight. */
  readonly concurrency: number;
  /** Equal seeds place equal orders. */
  readonly random: () => number;
  /** Called after each order with how many are done; returns the recorder that takes the next durations. */
  readonly onOrder?: (done: number) => void;
  readonly latency: () => LatencyRecorder;
  readonly signal?: AbortSignal;
}

export interface LoadReport {
  /** Ids of the orders whose payment was declined: their transaction rolled back after the event was published in it. */
  readonly declined: readonly string[];
  /** Calls that got no answer or an error and were made again with the same order id. */
  readonly repeatedCalls: number;
}

const DECLINED_SHARE = 0.02;
const PAUSE_BEFORE_REPEAT_MS = 50;
const CALL_TIMEOUT_MS = 20_000;

/** Status of one POST; undefined when no answer came (refused, reset, timed out). */
const post = (agent: Agent, port: number, body: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const call = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: '/orders',
        method: 'POST',
        timeout: CALL_TIMEOUT_MS,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
        response.once('error', () => resolve(undefined));
      },
    );
    call.once('timeout', () => call.destroy());
    // No answer is an answer: the caller asks again with the same id.
    call.once('error', () => resolve(undefined));
    call.end(body);
  });

/** Places the orders, `concurrency` at a time, each one until the service has given a final answer. */
export const placeOrders = async (o: LoadOptions): Promise<LoadReport> => {
  const agent = new Agent({ keepAlive: true, maxSockets: o.concurrency });
  const declined: string[] = [];
  let repeatedCalls = 0;
  let started = 0;
  let done = 0;

  const placeOne = async (number: number): Promise<void> => {
    const orderId = `order-${number}`;
    const isDeclined = o.random() < DECLINED_SHARE;
    const body = JSON.stringify({
      orderId,
      customerId: `customer-${Math.floor(o.random() * o.customers)}`,
      totalCents: Math.floor(o.random() * 100_000),
      payment: isDeclined ? 'declined' : 'accepted',
    });
    if (isDeclined) declined.push(orderId);
    while (o.signal?.aborted !== true) {
      const startedAtMs = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- a repeat follows the answer
      const status = await post(agent, o.port(), body);
      if (status !== undefined && status < 500) {
        const endedAtMs = performance.now();
        o.latency().record(endedAtMs - startedAtMs, endedAtMs);
        return;
      }
      repeatedCalls += 1;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(PAUSE_BEFORE_REPEAT_MS);
    }
  };

  const customerLoop = async (): Promise<void> => {
    while (started < o.orders && o.signal?.aborted !== true) {
      started += 1;
      // oxlint-disable-next-line no-await-in-loop -- one call at a time in each of the loops
      await placeOne(started);
      done += 1;
      o.onOrder?.(done);
    }
  };
  await Promise.all(Array.from({ length: o.concurrency }, customerLoop));
  agent.destroy();
  return { declined, repeatedCalls };
};
