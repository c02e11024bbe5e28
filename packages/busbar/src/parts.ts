import { createBreaker, type Breaker } from '@busbar/circuit-breaker';
import { classifyKafka } from '@busbar/circuit-breaker/presets';
import type { DeepReadonly, Profile } from '@busbar/config';
import { createOutbox, type Outbox } from '@busbar/outbox';
import { createPostgres, type Postgres } from '@busbar/postgres';
import { createProducerPool, type ProducerDriver, type ProducerPool } from '@busbar/producer-pool';
import { kafkaJsDriver } from '@busbar/producer-pool/kafkajs';
import type { Clock, Timers } from '@busbar/retry';
import type { Telemetry } from '@busbar/telemetry';

import { connectionsOf } from './connections-port.ts';
import type { StoppablePart } from './lifecycle.ts';
import { publisherOf } from './publisher-port.ts';
import type { BusbarSettings } from './settings/schema.ts';
import {
  breakerOptions,
  connectionOptions,
  outboxOptions,
  outboxPostgresOptions,
  postgresOptions,
  producerPoolOptions,
} from './settings/to-options.ts';

/** The parts of a bus, built and joined, nothing opened. */
export interface Parts {
  readonly postgres: Postgres;
  readonly outbox: Outbox;
  readonly producers: ProducerPool;
  readonly breaker: Breaker;
  /** What the bus made itself, in the order in which it is stopped. */
  readonly ours: readonly StoppablePart[];
}

export interface PartsInput {
  readonly settings: DeepReadonly<BusbarSettings>;
  readonly profile: Profile;
  readonly topics: readonly string[];
  readonly migrate: 'check' | 'auto';
  readonly telemetry: Telemetry | undefined;
  readonly driver: ProducerDriver | undefined;
  readonly postgres: Postgres | undefined;
  readonly producers: ProducerPool | undefined;
  readonly breaker: Breaker | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

const stopPostgres = (name: string, postgres: Postgres): StoppablePart => ({
  name,
  close: async (deadlineMs) => {
    const { destroyed, leaked } = await postgres.close({ deadlineMs });
    return destroyed === 0 && leaked.length === 0
      ? undefined
      : `${destroyed} connections were cut off, ${leaked.length} leases not returned`;
  },
});

const stopProducers = (producers: ProducerPool): StoppablePart => ({
  name: 'producers',
  close: async (deadlineMs) => {
    const { unknown, rejected } = await producers.close({ deadlineMs });
    return unknown + rejected === 0 ? undefined : `${unknown} records of unknown outcome, ${rejected} rejected`;
  },
});

const stopOutbox = (outbox: Outbox): StoppablePart => ({
  name: 'outbox',
  close: async (deadlineMs) => {
    const { unsettled } = await outbox.close({ deadlineMs });
    return unsettled === 0 ? undefined : `${unsettled} records of open fate; they stay in the outbox`;
  },
});

const stopBreaker = (breaker: Breaker): StoppablePart => ({
  name: 'breaker',
  close: async () => {
    await breaker.close();
    return undefined;
  },
});

const buildProducers = (input: PartsInput, breaker: Breaker): ProducerPool => {
  const { settings, clock, timers, random, telemetry } = input;
  return createProducerPool({
    ...producerPoolOptions(settings),
    driver: input.driver ?? kafkaJsDriver({ ...connectionOptions(settings), patchIdleTimer: true }),
    topics: input.topics,
    guard: breaker,
    clock,
    timers,
    random,
    ...(telemetry === undefined ? {} : { runInContext: (fn) => telemetry.suppressed(fn) }),
  });
};

interface Built {
  readonly producers: ProducerPool;
  readonly breaker: Breaker;
  readonly postgres: Postgres;
  /** Undefined: the caller brought a `postgres`, which serves the outbox as well. */
  readonly outboxPostgres: Postgres | undefined;
}

const buildOutbox = (input: PartsInput, { producers, breaker, postgres, outboxPostgres }: Built): Outbox => {
  const { settings, migrate, clock, timers, random, telemetry } = input;
  // Producers that the caller brought are guarded by the breaker he brought with them, or by none of ours.
  const guardsProducers = input.producers === undefined || input.breaker !== undefined;
  return createOutbox({
    ...outboxOptions(settings),
    publisher: publisherOf(producers, guardsProducers ? breaker : undefined),
    connections: connectionsOf(outboxPostgres ?? postgres),
    write: outboxPostgres ?? postgres,
    owner: settings.serviceName,
    migrate,
    clock,
    timers,
    random,
    ...(telemetry === undefined ? {} : { runInContext: (fn) => telemetry.suppressed(fn) }),
  });
};

/** What the bus made and therefore stops: the relay first, which needs all others, and the connections last. */
const ownParts = (input: PartsInput, { producers, breaker, postgres, outboxPostgres }: Built, outbox: Outbox) => [
  stopOutbox(outbox),
  ...(input.producers === undefined ? [stopProducers(producers)] : []),
  ...(input.breaker === undefined ? [stopBreaker(breaker)] : []),
  ...(outboxPostgres === undefined ? [] : [stopPostgres('outbox connections', outboxPostgres)]),
  ...(input.postgres === undefined ? [stopPostgres('postgres', postgres)] : []),
];

/** Builds what the caller did not bring, and joins the ports: breaker around producers, producers and connections under the outbox. */
export const buildParts = (input: PartsInput): Parts => {
  const { settings, clock, timers, random } = input;
  const time = { clock, timers, random };
  const breaker =
    input.breaker ??
    createBreaker({ ...breakerOptions(settings), profile: input.profile, classify: classifyKafka, ...time });
  const producers = input.producers ?? buildProducers(input, breaker);
  const postgres = input.postgres ?? createPostgres({ ...postgresOptions(settings), ...time });
  const outboxPostgres =
    input.postgres === undefined ? createPostgres({ ...outboxPostgresOptions(settings), ...time }) : undefined;
  const built: Built = { breaker, producers, postgres, outboxPostgres };
  const outbox = buildOutbox(input, built);
  return { postgres, outbox, producers, breaker, ours: ownParts(input, built, outbox) };
};
