import type { ClaimedRow } from '../../src/record.ts';
import type { PoisonAction, RelayCommand, RelayEvent, RelayRules, RelayState } from '../../src/relay-protocol.ts';
import { initialRelay, nextRelay } from '../../src/relay-state.ts';
import type { EventQueue } from './event-queue.ts';
import type { ModelBroker } from './model-broker.ts';
import type { ModelDatabase } from './model-database.ts';

/** A process with one relay: the real core, a shell of simulated round trips. */
export interface ModelRelay {
  readonly owner: string;
  state(): RelayState;
  wake(): void;
  /** Stops handling events until then: SIGSTOP, a long collection, a blocked loop. Time goes on. */
  pause(ms: number): void;
  /** The process is gone, without a word to anybody. */
  crash(): void;
  drain(): void;
  stopped(): boolean;
}

/** Wrong designs: what the shell does differently. Each has to fail in the same harness. */
export interface Design {
  /** Rows that are deleted when they are handed to the publisher. */
  readonly deleteBeforeAck?: boolean;
  /** `where not_before <= now()` in the claim. */
  readonly filterWaiting?: boolean;
  /** Every relay reads all shards, whoever leases them. */
  readonly ignoreLeases?: boolean;
  /** A claim passes over the rows that another relay has in hand. */
  readonly skipLocked?: boolean;
  /** Nothing about rows and keys is remembered from one event to the next. */
  readonly forgetful?: boolean;
}

export interface RelayWorld {
  readonly queue: EventQueue;
  readonly random: () => number;
  readonly database: ModelDatabase;
  readonly broker: ModelBroker;
  readonly rules: RelayRules;
  readonly poison: PoisonAction;
  readonly design: Design;
  /** Share of statements whose answer is lost, half of them after they took effect. */
  readonly lossRatio: () => number;
  readonly relays: ReadonlySet<ModelRelay>;
  readonly observe: {
    acked(rows: readonly { eventId: string }[]): void;
    charged(rows: readonly ClaimedRow[]): void;
    parked(rows: readonly { eventId: string }[]): void;
    held(state: RelayState): void;
  };
}

export const modelRelay = (world: RelayWorld, owner: string): ModelRelay => {
  const { queue, random, database, rules, design } = world;
  const publisher = world.broker.publisher(owner);
  let state = initialRelay(queue.now(), rules);
  let alive = true;
  let stopped = false;
  let pausedUntilMs = 0;
  let tickAtMs = Number.POSITIVE_INFINITY;

  const self: ModelRelay = {
    owner,
    state: () => state,
    wake: () => dispatch({ kind: 'wake' }),
    pause: (ms) => {
      pausedUntilMs = queue.now() + ms;
    },
    crash: () => {
      alive = false;
      publisher.kill();
    },
    drain: () => dispatch({ kind: 'drain' }),
    stopped: () => stopped,
  };

  const dispatch = (event: RelayEvent): void => {
    if (!alive) return;
    if (queue.now() < pausedUntilMs) {
      queue.after(pausedUntilMs - queue.now(), () => dispatch(event));
      return;
    }
    const step = nextRelay(state, event, { nowMs: queue.now(), rules });
    state =
      design.forgetful === true
        ? { ...step.state, order: { held: new Map(), keys: new Map(), topics: new Map() } }
        : step.state;
    world.observe.held(state);
    for (const command of step.commands) run(command);
    if (step.nextTickMs === Number.POSITIVE_INFINITY || step.nextTickMs >= tickAtMs) return;
    tickAtMs = step.nextTickMs;
    queue.after(Math.max(1, tickAtMs - queue.now()), () => {
      tickAtMs = Number.POSITIVE_INFINITY;
      dispatch({ kind: 'tick' });
    });
  };

  /** A round trip: takes effect at the server after a while, and is answered after another; either may be lost. */
  const trip = <T>(run: () => T, answer: (value: T) => RelayEvent, lost: () => RelayEvent): void => {
    const lossy = random() < world.lossRatio();
    const unseen = lossy && random() < 0.5;
    queue.after(1 + random() * 8, () => {
      // A statement that has reached the server runs, even if its client has died meanwhile.
      if (!alive && random() < 0.5) return;
      const done = unseen ? undefined : { value: run() };
      queue.after(1 + random() * 8, () => dispatch(lossy || done === undefined ? lost() : answer(done.value)));
    });
  };

  const visible = (row: ClaimedRow): boolean => {
    if (design.filterWaiting === true && row.waitMs > 0) return false;
    if (design.skipLocked !== true) return true;
    return ![...world.relays].some((other) => other !== self && other.state().order.held.has(row.seq));
  };

  const runWork = (command: Extract<RelayCommand, { kind: 'claim' | 'ack' | 'charge' | 'park' }>): void => {
    const { id } = command;
    const lost = (): RelayEvent => ({ kind: 'db-failed', id, random: random() });
    switch (command.kind) {
      case 'claim':
        return trip(
          () => database.claim(command.takes, command.limit, queue.now()).filter(visible),
          (rows) => ({ kind: 'rows', id, rows, poison: world.poison, random: random() }),
          lost,
        );
      case 'ack':
        return trip(
          () => world.observe.acked(database.ack(command.rows)),
          () => ({ kind: 'acked', id }),
          lost,
        );
      case 'charge':
        return trip(
          () => {
            world.observe.charged(command.faults.map(({ row }) => row));
            return database.charge(command.faults, queue.now(), 50 + random() * 300);
          },
          (rows) => ({ kind: 'charged', id, rows, poison: world.poison }),
          lost,
        );
      case 'park':
        return trip(
          () => world.observe.parked(database.park(command.parks)),
          () => ({ kind: 'parked', id }),
          lost,
        );
      default:
        command satisfies never;
    }
  };

  const runLease = (command: Extract<RelayCommand, { kind: 'renew' | 'acquire' | 'release' }>): void => {
    const sentAtMs = queue.now();
    const { leaseMs } = rules.lease;
    const lost = (): RelayEvent => ({ kind: 'lease-failed', random: random() });
    switch (command.kind) {
      case 'renew':
        return trip(
          () => ({
            seen: database.heartbeat(owner, { nowMs: queue.now(), ttlMs: leaseMs, capable: command.capable }),
            shards:
              design.ignoreLeases === true
                ? [...database.leases.keys()].map((shard) => ({ shard, epoch: '1' }))
                : database.renew(owner, queue.now(), leaseMs),
          }),
          ({ seen, shards }) => {
            const { live, present } = design.ignoreLeases === true ? { live: 1, present: 1 } : seen;
            return { kind: 'renewed', sentAtMs, live, present, shards };
          },
          lost,
        );
      case 'acquire':
        return trip(
          () => database.acquire(owner, { nowMs: queue.now(), leaseMs, max: command.max }),
          (shards) => ({ kind: 'acquired', sentAtMs, shards }),
          lost,
        );
      case 'release':
        return trip(
          () => database.release(owner, command.shards),
          () => ({ kind: 'released', shards: command.shards }),
          lost,
        );
      default:
        command satisfies never;
    }
  };

  const runSend = ({ call, rows }: Extract<RelayCommand, { kind: 'send' }>): void => {
    if (design.deleteBeforeAck === true) database.ack(rows);
    publisher.send(rows, {
      settle: (outcomes, ended) => dispatch({ kind: 'settled', call, outcomes, ended }),
      late: (row, outcome) => dispatch({ kind: 'late', row, outcome }),
    });
  };

  const run = (command: RelayCommand): void => {
    switch (command.kind) {
      case 'send':
        return runSend(command);
      case 'wait-ready':
        return queue.after(random() * 300, () => dispatch({ kind: 'guard-ready' }));
      case 'stopped':
        stopped = true;
        return;
      case 'emit':
        return;
      case 'renew':
      case 'acquire':
      case 'release':
        return runLease(command);
      case 'claim':
      case 'ack':
      case 'charge':
      case 'park':
        return runWork(command);
      default:
        command satisfies never;
    }
  };

  queue.after(0, () => dispatch({ kind: 'tick' }));
  return self;
};
