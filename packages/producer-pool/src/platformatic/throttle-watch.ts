/**
 * The throttle time of produce answers. The client's result leaves it out; its documented diagnostics channel
 * `tracing:plt:kafka:connections:api:asyncStart` tells every answer, just before the call that asked hears of it.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { Connection } from '@platformatic/kafka';

import { ThrottleTimes } from '../throttle-times.ts';

const CHANNEL = 'tracing:plt:kafka:connections:api:asyncStart';
const PRODUCE = 0;

/** What the channel tells of an answer; without a result when it is an error. */
interface Answer {
  readonly connection: Connection;
  readonly result?: {
    readonly responses: readonly {
      readonly name: string;
      readonly partitionResponses: readonly { readonly index: number }[];
    }[];
    readonly throttleTimeMs: number;
  };
}

const isProduceAnswer = (message: unknown): message is Answer =>
  typeof message === 'object' && message !== null && 'apiKey' in message && message.apiKey === PRODUCE;

export class ThrottleWatch {
  readonly times = new ThrottleTimes();
  readonly #connections: ReadonlySet<Connection>;
  readonly #hear = (message: unknown): void => {
    if (!isProduceAnswer(message) || !this.#connections.has(message.connection)) return;
    const { responses = [], throttleTimeMs = 0 } = message.result ?? {};
    if (throttleTimeMs <= 0) return;
    for (const { name, partitionResponses } of responses)
      for (const { index } of partitionResponses) this.times.set(name, index, throttleTimeMs);
  };

  /** Hears the answers on `connections`, whichever there will be, until it is stopped: the channel is the whole process's. */
  constructor(connections: ReadonlySet<Connection>) {
    this.#connections = connections;
    subscribe(CHANNEL, this.#hear);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#hear);
  }
}
