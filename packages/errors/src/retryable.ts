import { isBusbarError } from './brand.ts';
import { causes } from './cause-chain.ts';
import type { ErrorOutcome } from './error-spec.ts';
import { sqlStateOf } from './foreign-message.ts';
import { firstElements, isObjectLike, readProperty, readString } from './safe-read.ts';

const MAX_VISITED = 64;

const TRANSIENT_SYSTEM_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const TRANSIENT_SQLSTATES: ReadonlySet<string> = new Set(
  // read-only transaction, serialization failure, deadlock, lock not available, shutdown, crash, starting up, idle session
  ['25006', '40001', '40P01', '55P03', '57P01', '57P02', '57P03', '57P05'],
);

/** Connection exceptions and exhausted resources, but not 08007: whether that transaction committed is unknown. */
const isTransientSqlState = (state: string): boolean =>
  TRANSIENT_SQLSTATES.has(state) || (state.startsWith('08') && state !== '08007') || state.startsWith('53');

const ABORTED_CODE = /^BUSBAR_(?:[A-Z0-9]+_)?ABORTED$/;

/**
 * Whether the value says that its caller gave up: the platform's `AbortError`, `ABORT_ERR`, or an `…_ABORTED` of the family.
 * Looks at the value alone, not behind it.
 */
export const isAbortError = (value: unknown): boolean => {
  const code = readString(value, 'code');
  if (code !== undefined && (code === 'ABORT_ERR' || ABORTED_CODE.test(code))) return true;
  return readString(value, 'name') === 'AbortError';
};

/**
 * Whether the same call may succeed later without anybody changing anything.
 *
 * A family member says so itself. Otherwise the first recognised error behind the value decides: wrappers are
 * transparent, since clients put "not retriable" on top of a refused connection. In an aggregate one recognised
 * *no* decides. What nobody recognises is not retryable.
 */
export const isRetryable = (value: unknown): boolean => verdictOf(value, new Set()) ?? false;

const verdictOf = (value: unknown, seen: Set<object>): boolean | undefined => {
  if (!isObjectLike(value) || seen.has(value) || seen.size >= MAX_VISITED) return undefined;
  seen.add(value);
  if (isBusbarError(value)) return value.retryable;
  if (isAbortError(value)) return false;
  const behind = [readProperty(value, 'cause'), readProperty(value, 'originalError')];
  const parts = firstElements(readProperty(value, 'errors'), MAX_VISITED);
  const isWrapper = parts.length > 0 || behind.some((part) => isObjectLike(part));
  const verdicts = new Set(parts.map((part) => verdictOf(part, seen)));
  if (verdicts.has(false)) return false;
  const own = ownVerdictOf(value, isWrapper) ?? (verdicts.has(true) ? true : undefined);
  return own ?? firstVerdict(behind, seen);
};

const firstVerdict = (values: readonly unknown[], seen: Set<object>): boolean | undefined => {
  for (const value of values) {
    const verdict = verdictOf(value, seen);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
};

/** What a foreign error says of itself; `undefined` when it is not recognised. */
const ownVerdictOf = (value: object, isWrapper: boolean): boolean | undefined => {
  const code = readString(value, 'code');
  if (code !== undefined && TRANSIENT_SYSTEM_CODES.has(code)) return true;
  const sqlState = sqlStateOf(value);
  if (sqlState !== undefined) return isTransientSqlState(sqlState);
  if (isWrapper) return undefined;
  for (const flag of [readProperty(value, 'retriable'), readProperty(value, 'canRetry')]) {
    if (typeof flag === 'boolean') return flag;
  }
  return undefined;
};

/** The waiting time in milliseconds that the nearest family member hints at. */
export const retryAfterMsOf = (value: unknown): number | undefined => {
  for (const candidate of causes(value)) {
    if (!isBusbarError(candidate)) continue;
    const hint: unknown = candidate.retryAfterMs;
    if (typeof hint === 'number' && Number.isFinite(hint) && hint >= 0) return hint;
  }
  return undefined;
};

/** The outcome that the nearest family member states; foreign errors state none. */
export const outcomeOf = (value: unknown): ErrorOutcome | undefined => {
  for (const candidate of causes(value)) if (isBusbarError(candidate)) return candidate.outcome;
  return undefined;
};

/** The outcome of several attempts: `unknown` dominates, else the last one counts. */
export const combineOutcomes = (
  earlier: ErrorOutcome | undefined,
  later: ErrorOutcome | undefined,
): ErrorOutcome | undefined => (earlier === 'unknown' ? 'unknown' : (later ?? earlier));
