import {
  runStartupChecks,
  StartupCheckError,
  startupVerdict,
  type Check,
  type CheckReport,
  type DeepReadonly,
  type Profile,
} from '@busbar/config';
import { connectivityChecks } from '@busbar/postgres';
import type { Clock, Timers } from '@busbar/retry';

import type { Parts } from './parts.ts';
import type { BusbarSettings } from './settings/schema.ts';
import { startupPolicy } from './settings/to-options.ts';

export interface StartupOptions {
  readonly settings: DeepReadonly<BusbarSettings>;
  readonly config: { readonly profile: Profile; readonly fingerprint: string };
  /** Topics of the registered events. */
  readonly topics: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

const allChecks = (parts: Parts, topics: readonly string[]): readonly Check[] => [
  ...connectivityChecks(parts.postgres),
  ...parts.producers.connectivityChecks({ topics }),
];

/**
 * Validates both dependencies in parallel, then starts the parts: connections and producers together, the relay last, because it needs both.
 * Kafka may be away under its policy: the breaker then opens at once, so that no caller pays for finding out.
 * @throws {@link StartupCheckError} when the verdict over the checks is no
 */
export const startParts = async (parts: Parts, o: StartupOptions): Promise<CheckReport> => {
  const policy = startupPolicy(o.settings);
  const { signal, clock, timers, random, config } = o;
  const report = await runStartupChecks(allChecks(parts, o.topics), {
    policy,
    config,
    clock,
    timers,
    random,
    retryBaseMs: o.settings.startup.retryBaseMs,
    retryMaxMs: o.settings.startup.retryMaxMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const verdict = startupVerdict(report, policy);
  if (!verdict.proceed) throw new StartupCheckError(report, verdict.exitCode);
  const kafkaIsAway = policy['kafka']?.mode === 'skip' || verdict.degraded.includes('kafka');
  if (verdict.degraded.includes('kafka'))
    parts.breaker.suggestOpen(o.settings.breaker.open.baseMs, 'Kafka was away at the start');
  await Promise.all([
    parts.postgres.start(),
    parts.producers.start({ mode: kafkaIsAway ? 'degraded' : 'require', ...(signal === undefined ? {} : { signal }) }),
  ]);
  await parts.outbox.start(signal === undefined ? {} : { signal });
  return report;
};
