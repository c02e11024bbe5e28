import { setTimeout as delay } from 'node:timers/promises';

import type { DemoServices } from './demo-services.ts';
import { createLatencyRecorder, type Distribution } from './latency.ts';
import type { LiveView } from './live-view.ts';
import { placeOrders, type LoadReport } from './load.ts';
import type { OrdersDriver } from './orders-driver.ts';
import type { ServiceProcess } from './service-process.ts';
import { victimOf, type Victim } from './victim.ts';

export interface DemoOptions {
  readonly orders: number;
  readonly brokerStaysDead: boolean;
  /** Of the service, where there is Kafka. */
  readonly driver: OrdersDriver;
  /** Leave database, logs and data of the services behind, and say where. */
  readonly keep: boolean;
}

const CUSTOMERS = 500;
const CALLS_IN_FLIGHT = 32;
const DRAIN_TIMEOUT_MS = 180_000;
const SEED = 20_261_124;

/** Repeatable randomness (xorshift32), so that every run places the same orders. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
};

/** One run of the script: who does what, when. */
export class Director {
  readonly #view: LiveView;
  readonly #services: DemoServices;
  readonly #service: ServiceProcess;
  readonly #victim: Victim;
  readonly #options: DemoOptions;
  readonly http = { before: createLatencyRecorder(), dead: createLatencyRecorder(), after: createLatencyRecorder() };
  killed: string | undefined;
  deliveryAtKill: Distribution | undefined;
  deliveryAtRestart: Distribution | undefined;
  #phase: 'before' | 'dead' | 'after' = 'before';
  #doing = 'placing orders';
  readonly #acts: Promise<void>[] = [];

  constructor(o: { view: LiveView; services: DemoServices; service: ServiceProcess; options: DemoOptions }) {
    this.#view = o.view;
    this.#services = o.services;
    this.#service = o.service;
    this.#options = o.options;
    this.#victim = victimOf(o.services, o.service);
  }

  async load(): Promise<LoadReport> {
    const { orders, brokerStaysDead } = this.#options;
    const killAt = Math.floor(orders / 3);
    const restartAt = Math.floor((2 * orders) / 3);
    const report = await placeOrders({
      port: () => this.#service.port,
      orders,
      customers: CUSTOMERS,
      concurrency: CALLS_IN_FLIGHT,
      random: seeded(SEED),
      latency: () => this.http[this.#phase],
      onOrder: (done) => {
        if (done === killAt) this.#acts.push(this.#kill());
        if (done === restartAt && !brokerStaysDead) this.#acts.push(this.#restart());
      },
    });
    await Promise.all(this.#acts);
    return report;
  }

  async #kill(): Promise<void> {
    this.deliveryAtKill = (await this.#service.stats()).outbox.deliveryMs;
    this.killed = await this.#victim.kill();
    if (this.killed === undefined)
      return this.#view.say('>>> a configured broker is not ours to kill: that part is left out');
    this.#phase = 'dead';
    this.#doing = 'the broker is dead';
    return this.#view.say(`>>> killed: ${this.killed}`);
  }

  async #restart(): Promise<void> {
    if (this.killed === undefined) return;
    this.#phase = 'after';
    this.#doing = 'the broker is starting';
    this.#view.say('>>> starting the broker again');
    this.deliveryAtRestart = (await this.#service.stats()).outbox.deliveryMs;
    await this.#victim.restart();
    this.#doing = 'draining the backlog';
    this.#view.say('>>> the broker is back');
  }

  /** Reads and shows the state once a second until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one reading a second
      const [stats, backlog, committed] = await Promise.all([
        this.#service.stats(),
        this.#services.backlog(),
        this.#services.committed(),
      ]);
      this.#view.show({
        committed,
        orders: this.#options.orders,
        acknowledged: stats.outbox.published,
        backlog,
        breaker: stats.breaker.state,
        p99Ms: this.http[this.#phase].takeRecentP99(),
        doing: this.#doing,
      });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(1000, undefined, { signal }).catch(() => {
        // Aborted: the loop ends by its condition.
      });
    }
  }

  async drain(): Promise<void> {
    this.#doing = 'draining the backlog';
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    // oxlint-disable-next-line no-await-in-loop -- asks until the outbox is empty
    while ((await this.#services.backlog()) > 0) {
      if (performance.now() > deadline) throw new Error(`the backlog did not drain within ${DRAIN_TIMEOUT_MS} ms`);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(100);
    }
  }
}
