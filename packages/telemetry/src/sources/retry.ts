import { numberOf } from '../read-field.ts';
import type { Source } from './emit.ts';

const REASONS = [
  ['attempts', 'exhaustedAttempts'],
  ['deadline', 'exhaustedDeadline'],
  ['budget', 'exhaustedBudget'],
] as const;

/** `stats()` of a retry policy. */
export const retrySource: Source = (stats, name, emit) => {
  const own = { 'busbar.retry.name': name };
  emit('busbar.retry.calls', numberOf(stats, 'calls'), own);
  emit('busbar.retry.retries', numberOf(stats, 'retries'), own);
  for (const [reason, field] of REASONS)
    emit('busbar.retry.exhausted', numberOf(stats, field), { ...own, 'busbar.reason': reason });
};
