/**
 * The throttle time of produce answers. The client's result leaves it out; its documented diagnostics channel
 * `tracing:plt:kafka:connections:api:asyncStart` tells every answer, just before the call that asked hears of it.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { Connection } from '@platformatic/kafka';

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

const nameOf = (topic: string, partition: number): string => `${topic}-${partition}`;

export class ThrottleWatch {
  readonly #connections: ReadonlySet<Connection>;
  readonly #throttleMs = new Map<string, number>();
  readonly #hear = (message: unknown): void => {
    if (!isProduceAnswer(message) || !this.#connections.has(message.connection)) return;
    const { responses = [], throttleTimeMs = 0 } = message.result ?? {};
    if (throttleTimeMs <= 0) return;
    for (const { name, partitionResponses } of responses)
      for (const { index } of partitionResponses) this.#throttleMs.set(nameOf(name, index), throttleTimeMs);
  };

  /** Hears the answers on `connections`, whichever there will be, until it is stopped: the channel is the whole process's. */
  constructor(connections: ReadonlySet<Connection>) {
    this.#connections = connections;
    subscribe(CHANNEL, this.#hear);
  }

  /** How long the broker wants to be left alone, as it said in its answer for this partition; told once. */
  takeMs(topic: string, partition: number): number {
    const name = nameOf(topic, partition);
    const throttleMs = this.#throttleMs.get(name) ?? 0;
    this.#throttleMs.delete(name);
    return throttleMs;
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#hear);
  }
}
