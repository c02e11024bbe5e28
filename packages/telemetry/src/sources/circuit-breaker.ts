import { countsOf, numberOf, secondsOf, textOf } from '../read-field.ts';
import type { Source } from './emit.ts';

const OUTCOMES = [
  ['success', ['success']],
  ['failure', ['failure']],
  ['slow', ['slow']],
  ['ignored', ['ignored']],
  ['timeout', ['timeouts']],
  ['rejected', ['rejectedOpen', 'rejectedProbesBusy', 'rejectedRamp', 'rejectedIsolated', 'rejectedBusy']],
  ['stale', ['staleSuccess', 'staleFailure', 'staleIgnored']],
] as const;

/** Every breaker can be in these; the other two are modes, reported once they are seen. */
const STATES = ['closed', 'open', 'half-open', 'isolated'] as const;

const inWords = (state: string): string => state.replaceAll('-', '_');

const sumOf = (stats: unknown, fields: readonly string[]): number | undefined => {
  const found = fields.map((field) => numberOf(stats, field)).filter((value) => value !== undefined);
  return found.length === 0 ? undefined : found.reduce((sum, value) => sum + value, 0);
};

/** `stats()` of a circuit breaker. */
export const circuitBreakerSource: Source = (stats, name, emit) => {
  const own = { 'busbar.circuit_breaker.name': name };
  const inState = (state: string) => ({ ...own, 'busbar.circuit_breaker.state': inWords(state) });
  for (const [outcome, fields] of OUTCOMES)
    emit('busbar.circuit_breaker.calls', sumOf(stats, fields), { ...own, 'busbar.outcome': outcome });
  const state = textOf(stats, 'state');
  if (state !== undefined)
    for (const each of new Set([...STATES, state]))
      emit('busbar.circuit_breaker.state', each === state ? 1 : 0, inState(each));
  for (const [each, entries] of countsOf(stats, 'transitions'))
    emit('busbar.circuit_breaker.transitions', entries, inState(each));
  for (const [each, ms] of countsOf(stats, 'timeInStateMs'))
    emit('busbar.circuit_breaker.state.time', ms / 1000, inState(each));
  emit('busbar.circuit_breaker.outages', numberOf(stats, 'outages'), own);
  emit('busbar.circuit_breaker.outage.time', secondsOf(stats, 'outageMs'), own);
  emit('busbar.circuit_breaker.failure_ratio', numberOf(stats, 'failureRatio'), own);
};
