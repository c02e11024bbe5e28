import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';

import type { RelayRules } from '../../src/relay-protocol.ts';
import { eventQueue } from './event-queue.ts';
import { modelBroker } from './model-broker.ts';
import { type ModelRow, modelDatabase } from './model-database.ts';
import { type Design, type ModelRelay, modelRelay, type RelayWorld } from './model-relay.ts';
import { ModelWriters } from './model-writers.ts';
import { Verdicts } from './verdicts.ts';

/**
 * One run of up to three relays over a model of PostgreSQL and Kafka, from a seed: writers that lock the keys they publish, faults while
 * they write, then calm until everything is delivered. Checked while it runs and at the end:
 *
 * I1 committed events end in the log or in the dead letters · I2 nothing of a rolled-back transaction is ever sent · I3 first occurrences
 * per key in commit order · I4 duplicates bounded, none without a fault · I5 a row is never in both tables, and never in neither before
 * it is acknowledged · I6 only poison is charged or parked · B1 the window holds.
 */
export interface Weather {
  readonly relays: number;
  readonly crashes: boolean;
  readonly pauses: boolean;
  readonly lostAnswers: boolean;
  readonly outages: boolean;
  readonly lanes: boolean;
  readonly poison: boolean;
  readonly failovers: boolean;
  /** The first relay never reaches the broker; the others do. */
  readonly cutOff: boolean;
}

export const CALM: Weather = {
  relays: 1,
  crashes: false,
  pauses: false,
  lostAnswers: false,
  outages: false,
  lanes: false,
  poison: false,
  failovers: false,
  cutOff: false,
};

export const STORM: Weather = {
  relays: 3,
  crashes: true,
  pauses: true,
  lostAnswers: true,
  outages: true,
  lanes: true,
  poison: true,
  failovers: false,
  cutOff: false,
};

export interface Outcome {
  readonly problems: readonly string[];
  readonly duplicates: number;
  readonly faults: number;
  readonly window: number;
  readonly delivered: number;
  readonly parked: number;
}

const WRITING_MS = 1_500;
const CALM_MS = 90_000;

const rulesOf = (random: () => number): RelayRules => ({
  batchRecords: [1, 3, 8, 20][Math.floor(random() * 4)] ?? 8,
  batchBytes: random() < 0.3 ? 50 : 10_000,
  maxInFlightBatches: 1 + Math.floor(random() * 3),
  sendTimeoutMs: 1_000,
  lease: { leaseMs: 1_500, renewMs: 400, safetyMs: 300 },
  poll: { minMs: 20, maxMs: 400 },
  maxAttempts: 3,
  keyBackoff: { baseMs: 100, maxMs: 800 },
  topicBackoff: { baseMs: 100, maxMs: 800 },
  keepsKeyPrefix: random() < 0.8,
  hasGuard: random() < 0.5,
});

/** One world and its misfortunes. */
class Simulation {
  readonly queue = eventQueue();
  readonly verdicts = new Verdicts();
  readonly relays = new Set<ModelRelay>();
  readonly rules: RelayRules;
  readonly random: () => number;
  readonly database;
  readonly broker;
  readonly writers: ModelWriters;
  readonly #world: RelayWorld;
  readonly #weather: Weather;
  readonly #deleted: { row: ModelRow; atMs: number }[] = [];
  #calm = false;
  #births = 0;
  faults = 0;

  constructor(seed: number, weather: Weather, design: Design & { readonly ackBySeq?: boolean }) {
    const random = seededRandom(seed);
    this.random = random;
    this.rules = rulesOf(random);
    this.#weather = weather;
    const { queue, verdicts, relays, rules } = this;
    const database = modelDatabase({ matchesEventId: design.ackBySeq !== true });
    const broker = modelBroker(queue, random, (row) => {
      const left = verdicts.poison.get(row.record.id) ?? 0;
      if (left > 0) verdicts.poison.set(row.record.id, left - 1);
      return left > 0;
    });
    this.database = database;
    this.broker = broker;
    const lossRatio = (): number => (weather.lostAnswers && !this.#calm ? 0.06 : 0);
    this.#world = {
      queue,
      random,
      database,
      broker,
      rules,
      poison: 'park',
      design,
      lossRatio,
      relays,
      observe: this.#observer(),
    };
    this.writers = new ModelWriters({
      queue,
      random,
      database,
      verdicts,
      poison: weather.poison,
      untilMs: WRITING_MS,
      onCommit: () => {
        for (const relay of relays) relay.wake();
      },
    });
  }

  #observer(): RelayWorld['observe'] {
    const { verdicts } = this;
    const window = this.window;
    return {
      acked: (rows) => {
        verdicts.readLog(this.broker);
        for (const { eventId } of rows) {
          verdicts.deleted(eventId);
          const row = verdicts.committed.get(eventId);
          if (row !== undefined) this.#deleted.push({ row, atMs: this.queue.now() });
        }
      },
      charged: (rows) => {
        for (const { record } of rows) verdicts.blamed(record.id, 'charged');
      },
      parked: (rows) => {
        for (const { eventId } of rows) verdicts.blamed(eventId, 'parked');
      },
      held: ({ order }) => {
        const inHand = [...order.held.values()].filter((held) => held.phase !== 'delivered').length;
        if (inHand > window) verdicts.problem(`B1 ${inHand} rows in hand, the window is ${window}`);
      },
    };
  }

  get window(): number {
    return this.rules.batchRecords * this.rules.maxInFlightBatches;
  }

  start(): void {
    this.#births += 1;
    this.relays.add(modelRelay(this.#world, `relay-${this.#births}`));
  }

  strike(): void {
    const { queue, random } = this;
    if (queue.now() > WRITING_MS) return;
    queue.after(100 + random() * 600, () => this.strike());
    const relay = [...this.relays][Math.floor(random() * this.relays.size)];
    const blows = [
      () => this.#crash(relay),
      () => this.#pause(relay),
      () => this.#outage(),
      () => this.#topicDown(),
      () => this.#failover(),
      () => this.#leave(relay),
    ];
    blows[Math.floor(random() * blows.length)]?.();
  }

  #crash(relay: ModelRelay | undefined): void {
    if (!this.#weather.crashes || relay === undefined) return;
    this.faults += 1;
    relay.crash();
    this.relays.delete(relay);
    this.queue.after(this.random() * 1_000, () => this.start());
  }

  #pause(relay: ModelRelay | undefined): void {
    if (!this.#weather.pauses || relay === undefined) return;
    this.faults += 1;
    relay.pause(this.random() < 0.5 ? this.random() * 300 : 1_000 + this.random() * 3_000);
  }

  #outage(): void {
    if (!this.#weather.outages) return;
    this.faults += 1;
    this.broker.weather.downUntilMs = this.queue.now() + this.random() * 1_500;
  }

  #topicDown(): void {
    if (this.#weather.outages) this.broker.weather.topics.set('orders', this.queue.now() + this.random() * 1_000);
  }

  #leave(relay: ModelRelay | undefined): void {
    if (!this.#weather.crashes || relay === undefined || this.relays.size < 2) return;
    relay.drain();
    this.queue.after(this.random() * 1_000, () => this.start());
  }

  /** To a replica that lags: late commits never happened, late deletes are undone, and the sequence goes back. */
  #failover(): void {
    if (!this.#weather.failovers) return;
    this.faults += 1;
    const horizonMs = this.queue.now() - 30 - this.random() * 200;
    const isOld = (row: ModelRow): boolean => row.writtenAtMs <= horizonMs;
    const lostSeqs = new Set([...this.database.rows.values()].filter((row) => !isOld(row)).map((row) => row.seq));
    const again = this.#deleted.filter(({ row, atMs }) => atMs > horizonMs && isOld(row)).map(({ row }) => row);
    let sequence = 0n;
    for (const row of this.verdicts.committed.values()) {
      if (isOld(row)) {
        if (row.seq > sequence) sequence = row.seq;
        continue;
      }
      this.verdicts.committed.delete(row.eventId);
      this.verdicts.undone.add(row.eventId);
    }
    this.database.failover({ lostSeqs, deletedAgain: again, sequence });
    this.writers.abortAll();
  }

  run(): Outcome {
    const { queue, random, broker, verdicts, database, relays } = this;
    for (let relay = 0; relay < this.#weather.relays; relay += 1) queue.after(random() * 500, () => this.start());
    queue.after(random() * 400, () => this.strike());
    const ratios = { laneRatio: random() * 0.1, lostAckRatio: random() * 0.1, lateRatio: random() * 0.1 };
    if (this.#weather.cutOff) broker.weather.cutOff.add('relay-1');
    if (this.#weather.lanes) Object.assign(broker.weather, ratios);
    queue.runUntil(WRITING_MS + 500);
    this.#calm = true;
    broker.weather.topics.clear();
    Object.assign(broker.weather, { downUntilMs: 0, laneRatio: 0, lostAckRatio: 0, lateRatio: 0 });
    if ([...relays].every((relay) => relay.stopped())) this.start();
    const isDone = (): boolean =>
      database.rows.size === 0 && [...relays].every((relay) => relay.state().order.held.size === 0);
    queue.runUntil(queue.now() + CALM_MS, isDone);
    verdicts.readLog(broker);
    verdicts.atTheEnd(database.rows.values(), database.dead);
    this.#countDuplicates();
    const { problems, duplicates, seen } = verdicts;
    return {
      problems,
      duplicates,
      faults: this.faults,
      window: this.window,
      delivered: seen.size,
      parked: database.dead.size,
    };
  }

  /** I4 for weather in which every duplicate has a cause that is counted. Lost answers alone explain none: they are asked again. */
  #countDuplicates(): void {
    const { lanes, lostAnswers, outages, failovers, relays } = this.#weather;
    if (lanes || outages || failovers || (lostAnswers && relays > 1)) return;
    const bound = this.faults * this.window;
    const { duplicates } = this.verdicts;
    if (duplicates > bound) this.verdicts.problem(`I4 ${duplicates} duplicates, at most ${bound} are explained`);
  }
}

export const simulate = (
  seed: number,
  weather: Weather,
  design: Design & { readonly ackBySeq?: boolean } = {},
): Outcome => new Simulation(seed, weather, design).run();
