import type { BacklogSample } from './backlog.ts';
import type { ResolvedOutboxOptions } from './options.ts';
import type { RelayState } from './relay-protocol.ts';
import type { OutboxCounters, OutboxStats } from './stats.ts';

interface StatsSources {
  readonly options: ResolvedOutboxOptions;
  readonly counters: OutboxCounters;
  /** undefined: there is no relay in this process, or not yet. */
  readonly relay: RelayState | undefined;
  readonly started: boolean;
  readonly closed: boolean;
  readonly stickyShards: number;
  readonly backlog: { readonly values: BacklogSample; readonly ageMs: number } | undefined;
}

const stateOf = ({ options, relay, started, closed }: StatsSources): OutboxStats['state'] => {
  if (relay === undefined) {
    if (closed) return 'stopped';
    if (!started) return 'created';
    return options.relay.enabled ? 'starting' : 'disabled';
  }
  if (relay.phase !== 'running') return relay.phase;
  if (relay.leases.live === 0) return 'starting';
  return relay.gate.state === 'open' ? 'running' : 'broker-wait';
};

const NO_RELAY = {
  shards: { owned: 0, target: 0 },
  relays: 0,
  inFlight: { records: 0, bytes: 0 },
  keys: { blocked: 0, halted: 0 },
  topicsBlocked: 0,
  pollDelayMs: 0,
};

const relayLevels = (relay: RelayState, nowMs: number, halted: number): typeof NO_RELAY => {
  const held = [...relay.order.held.values()];
  const blocked = [...relay.order.keys.values()].filter((key) => key.state === 'blocked' && key.untilMs > nowMs);
  return {
    shards: { owned: relay.leases.shards.size, target: relay.leases.target },
    relays: relay.leases.live,
    inFlight: { records: held.length, bytes: held.reduce((sum, { row }) => sum + row.bytes, 0) },
    keys: { blocked: blocked.length, halted },
    topicsBlocked: [...relay.order.topics.values()].filter((topic) => topic.untilMs > nowMs).length,
    pollDelayMs: relay.cadence.delayMs,
  };
};

const sampled = (backlog: StatsSources['backlog']): Pick<OutboxStats, 'sampleAgeMs' | 'backlog' | 'dead'> => {
  if (backlog === undefined) return {};
  const { pending, delayed, bytes, oldestAgeMs, deadOpen, deadResolved } = backlog.values;
  return {
    sampleAgeMs: backlog.ageMs,
    backlog: { pending, delayed, bytes, oldestAgeMs },
    dead: { open: deadOpen, resolved: deadResolved },
  };
};

/** Puts counters, the relay's state and the last sample together. */
export const outboxStats = (sources: StatsSources): OutboxStats => {
  const { options, counters, relay } = sources;
  return {
    name: options.name,
    state: stateOf(sources),
    ...counters.snapshot(),
    ...(relay === undefined ? NO_RELAY : relayLevels(relay, options.clock.now(), counters.haltedKeys)),
    stickyShards: sources.stickyShards,
    ...sampled(sources.backlog),
  };
};
