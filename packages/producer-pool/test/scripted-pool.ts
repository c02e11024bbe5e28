import { type ManualClock, manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';

import {
  type Ack,
  createProducerPool,
  type DriverCapabilities,
  type ProducerPool,
  type ProducerPoolOptions,
} from '../src/index.ts';
import { type Ending, ScriptedCluster, type ScriptedCall } from './scripted-cluster.ts';

export const TOPIC = 'events';

/** A pool on a scripted broker, its clock in the hands of the test. Backoffs take exactly half of their longest delay. */
export class ScriptedPool implements AsyncDisposable {
  readonly clock: ManualClock = manualClock();
  readonly cluster: ScriptedCluster;
  readonly pool: ProducerPool;

  constructor(
    o: Partial<ProducerPoolOptions> = {},
    partitions = 1,
    inFlightPerBroker: DriverCapabilities['inFlightPerBroker'] = { plain: 4, idempotent: 4 },
  ) {
    this.cluster = new ScriptedCluster(partitions);
    const { driver } = this.cluster;
    this.pool = createProducerPool({
      driver: {
        ...driver,
        capabilities: { ...driver.capabilities, inFlightPerBroker },
        // Tests replace what the driver of the cluster does.
        open: (options) => driver.open(options),
        metadata: (topics, options) => driver.metadata(topics, options),
      },
      clock: this.clock,
      timers: this.clock.timers,
      random: () => 0.5,
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 500,
      attemptTimeoutMs: 1_500,
      probe: { idleMs: 0 },
      ...o,
    });
  }

  /** The call that is out, or the last of several. */
  get call(): ScriptedCall | undefined {
    return this.cluster.openCalls.at(-1);
  }

  /** Values of the records in every call so far. */
  get sent(): readonly string[] {
    return this.cluster.calls.map(({ call }) => call.records.map((record) => String(record.value)).join(''));
  }

  async start(): Promise<this> {
    const started = this.pool.start();
    await settle();
    await started;
    return this;
  }

  /** Publishes a record and lets it go as far as it goes; what became of it is told by `fate`. */
  async publish(value: string, o: { readonly key?: string | null; readonly partition?: number } = {}): Promise<Fate> {
    const fate = fateOf(this.pool.publish({ topic: TOPIC, key: 'k', value, ...o }));
    await settle();
    return fate;
  }

  async end(how: Ending): Promise<void> {
    for (const call of this.cluster.openCalls) this.cluster.end(call, how);
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cluster.killGate = Promise.resolve();
    const closed = this.pool.close({ deadlineMs: 1 });
    await this.clock.advance(60_000);
    await closed;
  }
}

export interface Fate {
  /** `pending`, `ok@offset`, or the code of the error with its outcome. */
  readonly text: string;
  readonly error: unknown;
}

export const fateOf = (promise: Promise<Ack>): Fate => {
  const fate: { text: string; error: unknown } = { text: 'pending', error: undefined };
  const watch = async (): Promise<void> => {
    try {
      fate.text = `ok@${(await promise).offset}`;
    } catch (error) {
      fate.error = error;
      fate.text = textOf(error);
    }
  };
  void watch();
  return fate;
};

const textOf = (error: unknown): string => {
  if (!(error instanceof Error) || !('code' in error) || !('outcome' in error)) return String(error);
  return `${String(error.code).replace('BUSBAR_PRODUCER_', '')}/${String(error.outcome)}`;
};

/** `ok`, or the code of the error. */
export const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};
