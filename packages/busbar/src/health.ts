import type { Breaker } from '@busbar/circuit-breaker';
import type { Outbox, OutboxStats } from '@busbar/outbox';
import type { HealthReport, Postgres } from '@busbar/postgres';
import type { PoolHealth, ProducerPool } from '@busbar/producer-pool';

type Status = 'healthy' | 'degraded' | 'unhealthy';

interface PartHealth {
  readonly status: Status;
  /** One phrase each; empty exactly when healthy. */
  readonly reasons: readonly string[];
}

/** What the bus says of itself, without I/O. */
export interface BusHealth extends PartHealth {
  readonly parts: Readonly<Record<'postgres' | 'producers' | 'breaker' | 'outbox', PartHealth>>;
}

export interface ObservedParts {
  readonly postgres: Postgres;
  readonly producers: ProducerPool;
  readonly breaker: Breaker;
  readonly outbox: Outbox;
  /** Limits of the backlog, from the settings. */
  readonly backlog: { readonly maxEvents: number; readonly maxBytes: number; readonly maxAgeMs: number };
}

const part = (status: Status, reasons: readonly string[]): PartHealth => ({
  status: reasons.length === 0 ? 'healthy' : status,
  reasons,
});

const postgresHealth = ({ status, reasons }: HealthReport): PartHealth => ({
  status,
  reasons: reasons.map(({ code }) => code),
});

/** Without producers events wait in the outbox: that is never worse than degraded. */
const producersHealth = ({ reasons }: PoolHealth): PartHealth => part('degraded', reasons);

const breakerHealth = ({ state }: Breaker): PartHealth =>
  part('degraded', state === 'closed' ? [] : [`the breaker is ${state}`]);

const backlogReasons = (
  level: NonNullable<OutboxStats['backlog']>,
  limits: ObservedParts['backlog'],
): readonly string[] => {
  const rules: readonly (readonly [holds: boolean, reason: string])[] = [
    [level.pending >= limits.maxEvents, `the backlog is at its limit of ${limits.maxEvents} events`],
    [level.bytes >= limits.maxBytes, `the backlog is at its limit of ${limits.maxBytes} bytes`],
    [level.oldestAgeMs >= limits.maxAgeMs, `the oldest event waits for ${Math.round(level.oldestAgeMs / 1000)} s`],
  ];
  return rules.filter(([holds]) => holds).map(([, reason]) => reason);
};

/** By the last sample; before the first one nothing is known, and nothing is said. */
const outboxHealth = ({ outbox, backlog: limits }: ObservedParts): PartHealth => {
  const { backlog, dead } = outbox.stats();
  return part('degraded', [
    ...(backlog === undefined ? [] : backlogReasons(backlog, limits)),
    ...(dead === undefined || dead.open === 0 ? [] : [`${dead.open} dead letters are open`]),
  ]);
};

/** Unhealthy: PostgreSQL is, so nothing can be accepted. Degraded: everything is accepted, and something needs attention. */
export const busHealth = (observed: ObservedParts): BusHealth => {
  const parts = {
    postgres: postgresHealth(observed.postgres.health()),
    producers: producersHealth(observed.producers.health()),
    breaker: breakerHealth(observed.breaker),
    outbox: outboxHealth(observed),
  };
  const reasons = Object.entries(parts).flatMap(([name, { reasons: own }]) =>
    own.map((reason) => `${name}: ${reason}`),
  );
  const status = parts.postgres.status === 'unhealthy' ? 'unhealthy' : reasons.length === 0 ? 'healthy' : 'degraded';
  return { status, reasons, parts };
};
