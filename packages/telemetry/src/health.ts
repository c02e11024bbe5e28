import type { Component, Scope } from './catalog/metric-entry.ts';
import type { Member } from './instances.ts';
import { fieldOf, listOf, numberOf, textOf } from './read-field.ts';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface HealthReason {
  readonly code: string;
  readonly value?: number;
  readonly limit?: number;
}

export interface ComponentHealth {
  readonly component: Component;
  readonly name: string;
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason[];
}

/** What a probe asks for. No I/O: cached numbers only. */
export interface HealthData {
  readonly format_version: '1.0';
  /** The worst of the components. */
  readonly status: HealthStatus;
  /** The event loop turns, and closing has not begun. */
  readonly live: boolean;
  /** Nothing can be accepted without PostgreSQL; a dead Kafka only degrades. */
  readonly ready: boolean;
  readonly components: readonly ComponentHealth[];
}

const OLDEST_AGE_LIMIT_MS = 60_000;
const SAMPLE_AGE_LIMIT_MS = 60_000;
const ORDER: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy'];

const isStatus = (value: unknown): value is HealthStatus =>
  value === 'healthy' || value === 'degraded' || value === 'unhealthy';

/** Components without which the others go on: whatever is wrong with them, the outbox takes the writes. */
const NEVER_FATAL: ReadonlySet<Scope> = new Set<Scope>(['producer-pool', 'circuit-breaker']);

const reasonOf = (reason: unknown): HealthReason => {
  if (typeof reason === 'string') return { code: reason };
  const value = numberOf(reason, 'value');
  const limit = numberOf(reason, 'limit');
  return {
    code: textOf(reason, 'code') ?? 'unknown',
    ...(value === undefined ? {} : { value }),
    ...(limit === undefined ? {} : { limit }),
  };
};

const above = (code: string, value: number | undefined, limit: number): readonly HealthReason[] =>
  value !== undefined && value > limit ? [{ code, value, limit }] : [];

/** Rules for parts that do not judge themselves. */
const judged = (component: Scope, stats: unknown): readonly HealthReason[] => {
  if (component === 'circuit-breaker') {
    const state = textOf(stats, 'state');
    return state === undefined || state === 'closed' ? [] : [{ code: `breaker-${state}` }];
  }
  if (component !== 'outbox') return [];
  return [
    ...above('oldest-message-age', numberOf(stats, 'backlog', 'oldestAgeMs'), OLDEST_AGE_LIMIT_MS),
    ...above('sample-age', numberOf(stats, 'sampleAgeMs'), SAMPLE_AGE_LIMIT_MS),
    ...above('dead-letters-open', numberOf(stats, 'dead', 'open'), 0),
  ];
};

const healthOf = (component: Component, member: Member): ComponentHealth => {
  const said = member.health?.();
  const saidStatus = fieldOf(said, 'status');
  const reasons = said === undefined ? judged(component, member.stats()) : listOf(said, 'reasons').map(reasonOf);
  const own = isStatus(saidStatus) ? saidStatus : reasons.length === 0 ? 'healthy' : 'degraded';
  return {
    component,
    name: member.name,
    reasons,
    status: own === 'unhealthy' && NEVER_FATAL.has(component) ? 'degraded' : own,
  };
};

/** The health of everything that is observed. `onError` hears of parts that could not be asked; they count as unhealthy. */
export const healthData = (
  members: Iterable<Member>,
  o: { readonly live: boolean; readonly onError: () => void },
): HealthData => {
  const components: ComponentHealth[] = [];
  for (const member of members) {
    const { component } = member;
    if (component === 'telemetry' || component === 'config') continue;
    try {
      components.push(healthOf(component, member));
    } catch {
      o.onError();
      components.push({ component, name: member.name, status: 'unhealthy', reasons: [{ code: 'not-readable' }] });
    }
  }
  const worst = components.reduce((rank, { status }) => Math.max(rank, ORDER.indexOf(status)), 0);
  const postgresUsable = components.every(
    ({ component, status }) => component !== 'postgres' || status !== 'unhealthy',
  );
  return {
    format_version: '1.0',
    status: ORDER[worst] ?? 'unhealthy',
    live: o.live,
    ready: o.live && postgresUsable,
    components,
  };
};
