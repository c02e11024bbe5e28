import { publish } from './diagnostics.ts';
import type { StatementGuard } from './guard/guard.ts';
import type { KnownStatement } from './guard/verdict-cache.ts';
import type { Verdict } from './guard/verdict.ts';
import { wireValues } from './parameters.ts';
import type { GroupStatement } from './pipeline.ts';
import type { BatchOptions, QueryOptions } from './queries.ts';
import { checkedDecoding, type RowDecoding } from './row-decoder.ts';
import { givenStatement, SqlFragment, type BoundStatement, type Sql, type StatementTraits } from './statement.ts';
import { ArgumentInvalidError, GuardBlockedError, PoolerUnsupportedError, TxControlError } from './usage-errors.ts';

/** What every call of a pool shares. */
export interface CallDefaults {
  readonly pool: string;
  readonly queryDeadlineMs: number;
  readonly maxRows: number;
  readonly clock: { now(): number };
  readonly guard: StatementGuard;
  /** Behind a transaction pooler no statement may change its session. */
  readonly sessions: 'own' | 'shared';
  /** Uses after which a statement is prepared by itself; 0 = never. */
  readonly autoPrepareAfter: number;
}

/** One statement, checked and ready to be sent, with its limits made absolute. */
export interface Call {
  readonly statement: GroupStatement;
  readonly verdict: Verdict;
  /** Outside of a transaction it may leave something behind even where its result is refused. */
  readonly mayWrite: boolean;
  /** It may be repeated even if it may have run. */
  readonly idempotent: boolean;
  readonly maxRows: number;
  readonly label: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  readonly deadlineAtMs: number;
  /** End of the transaction around it: no wait lasts longer. */
  readonly latestAtMs: number | undefined;
}

/** At least one. */
export type Calls = readonly [Call, ...Call[]];

/** @throws {@link ArgumentInvalidError} when the deadline is no positive number. */
export const deadlineOf = (o: { readonly deadlineMs?: number }, defaultMs: number): number => {
  const deadlineMs = o.deadlineMs ?? defaultMs;
  if (!(deadlineMs > 0)) throw new ArgumentInvalidError({ argument: 'deadlineMs', expected: 'a positive number' });
  return deadlineMs;
};

const waives = (o: QueryOptions, traits: StatementTraits): boolean => (o.guard ?? traits.guard) === 'waive';

interface Guarded {
  readonly isWaived: boolean;
  readonly label: string | undefined;
}

/** Refuses what the guard blocks, and tells about what it warns of. @throws {@link GuardBlockedError} */
const passGuard = (verdict: Verdict, { isWaived, label }: Guarded, { guard, pool }: CallDefaults): void => {
  const action = guard.decide(verdict, isWaived);
  if (action === 'pass') return;
  publish('guard', () => ({ pool, label, verdict, action: action === 'warn' ? 'warned' : 'blocked' }));
  if (action === 'warn') return;
  const { score, bytes, fingerprint, summary } = verdict;
  const { maxScore, maxTextBytes } = guard.options;
  const reasons = verdict.reasons.map(({ name, count }) => `${name} ${count}`);
  throw new GuardBlockedError({ score, maxScore, bytes, maxTextBytes, reasons, fingerprint, summary }, { label });
};

/** Of several statements in one text the server runs none. */
const refuseTxControl = ({ txControl, keyword, statements }: Verdict): void => {
  if (txControl && statements === 1) throw new TxControlError({ keyword: keyword.toUpperCase() });
};

/** @throws {@link PoolerUnsupportedError} */
const refuseSessionChange = ({ session, summary }: Verdict, { sessions }: CallDefaults, label?: string): void => {
  if (session && sessions === 'shared') throw new PoolerUnsupportedError({ summary }, { label });
};

/** Statements with a plan that is worth keeping, and with columns of their own: those of a FETCH or EXECUTE are another statement's. */
const PLANNED: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'values', 'with']);
const PREFIX = 'busbar';
const MAX_NAME_CHARS = 40;

/** How the name under which a statement is prepared begins; nothing if it is not to be prepared. */
const prefixOf = (
  name: string | false | undefined,
  { uses, verdict }: KnownStatement,
  defaults: CallDefaults,
): string | undefined => {
  if (name === false) return undefined;
  if (
    name !== undefined &&
    (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARS || name.includes('\0'))
  )
    throw new ArgumentInvalidError({ argument: 'name', expected: `1 to ${MAX_NAME_CHARS} characters, or false` });
  if (!PLANNED.has(verdict.keyword)) return undefined;
  return name ?? (defaults.autoPrepareAfter > 0 && uses > defaults.autoPrepareAfter ? PREFIX : undefined);
};

/** Nothing where the driver's way is wanted, as it mostly is. */
const decodingOf = (o: QueryOptions, traits: StatementTraits): RowDecoding | undefined => {
  const types = o.types ?? traits.types;
  return o.rowMode === undefined && types === undefined ? undefined : checkedDecoding(o.rowMode, types);
};

/**
 * A statement that rides along with COMMIT: without a row limit and a deadline of its own.
 * @throws {@link ArgumentInvalidError}, {@link TxControlError}, {@link GuardBlockedError}; COPY needs the connection to itself
 */
export const bindStatement = (statement: BoundStatement, defaults: CallDefaults): GroupStatement => {
  const { text, values = [] } = statement;
  const known = defaults.guard.know(text);
  const { verdict } = known;
  refuseTxControl(verdict);
  refuseSessionChange(verdict, defaults);
  if (verdict.keyword === 'copy')
    throw new ArgumentInvalidError({ argument: 'text', expected: 'a statement other than COPY' });
  passGuard(verdict, { isWaived: false, label: undefined }, defaults);
  return { text, values: wireValues(values), rowLimit: 0, prefix: prefixOf(undefined, known, defaults) };
};

/** A statement as a caller gives it. */
export interface Given {
  readonly statement: Sql;
  readonly params?: readonly unknown[] | undefined;
}

/**
 * Checks a call before anything is sent.
 * Only reads get a row limit: a portal that is cut off after n rows of `INSERT … RETURNING` has inserted all of them (H29).
 * @throws {@link ArgumentInvalidError}, {@link GuardBlockedError}, and {@link TxControlError} unless `txControl` is allowed
 */
export const prepareCall = (
  given: Given,
  o: QueryOptions,
  how: { readonly defaults: CallDefaults; readonly txControl: 'allowed' | 'refused' },
): Call => {
  const { text, values, traits, placed } = givenStatement(given.statement, given.params);
  const { defaults } = how;
  const known = defaults.guard.know(text);
  const { verdict } = known;
  if (how.txControl === 'refused') refuseTxControl(verdict);
  refuseSessionChange(verdict, defaults, o.label);
  const { maxRows = traits.maxRows ?? defaults.maxRows, idempotent = traits.idempotent ?? false, label, signal } = o;
  if (!Number.isInteger(maxRows) || maxRows < 1)
    throw new ArgumentInvalidError({ argument: 'maxRows', expected: 'a positive integer' });
  if (placed !== undefined && verdict.params !== placed)
    throw new ArgumentInvalidError({
      argument: 'sql',
      expected: 'no value inside a string, a comment or a quoted name',
    });
  const deadlineMs = deadlineOf(o, defaults.queryDeadlineMs);
  const statement = {
    text,
    values: wireValues(values),
    rowLimit: verdict.operation === 'read' ? maxRows + 1 : 0,
    prefix: prefixOf(o.name ?? traits.name, known, defaults),
    decoding: decodingOf(o, traits),
  };
  passGuard(verdict, { isWaived: waives(o, traits), label }, defaults);
  const startedAtMs = defaults.clock.now();
  return {
    statement,
    verdict,
    mayWrite: verdict.operation !== 'read',
    maxRows,
    idempotent,
    label,
    signal,
    startedAtMs,
    deadlineMs,
    deadlineAtMs: startedAtMs + deadlineMs,
    latestAtMs: undefined,
  };
};

/** A statement of a batch; COPY needs the connection to itself. @throws as `prepareCall`, and {@link ArgumentInvalidError} for COPY */
export const prepareBound = (one: BoundStatement, prepare: (given: Given) => Call): Call => {
  const call = prepare(one instanceof SqlFragment ? { statement: one } : { statement: one.text, params: one.values });
  if (call.verdict.keyword === 'copy')
    throw new ArgumentInvalidError({ argument: 'statements', expected: 'statements other than COPY' });
  return call;
};

/** Checks the statements of a batch as `prepareCall` does each; nothing where there are none. */
export const prepareBatch = (
  statements: readonly BoundStatement[],
  o: BatchOptions,
  defaults: CallDefaults,
): Calls | undefined => {
  const how = { defaults, txControl: 'refused' } as const;
  const [first, ...rest] = statements.map((one) => prepareBound(one, (given) => prepareCall(given, o, how)));
  return first === undefined ? undefined : [first, ...rest];
};
