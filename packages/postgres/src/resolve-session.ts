import type { UrlParts } from './connection-url.ts';
import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from './option-limits.ts';
import type { PostgresOptions, SessionOptions } from './options.ts';
import type { Pooler, ResolvedSession } from './session.ts';

// The options of a session, and of what is between it and its server. Problems are collected in `issues`.

const checkText = (path: string, value: unknown, issues: string[]): void => {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) issues.push(`${path}: expected a text`);
  else if (Buffer.byteLength(value) > POSTGRES_LIMITS.nameBytes)
    issues.push(`${path}: longer than ${POSTGRES_LIMITS.nameBytes} bytes`);
};

const GUC_NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i;

const resolveGucs = (
  given: Readonly<Record<string, string>> | undefined,
  issues: string[],
): Readonly<Record<string, string>> => {
  const entries = Object.entries(given ?? {});
  if (entries.length > POSTGRES_LIMITS.gucs) issues.push(`session.gucs: more than ${POSTGRES_LIMITS.gucs} settings`);
  for (const [name, value] of entries)
    if (!GUC_NAME.test(name) || typeof value !== 'string' || value.includes('\0'))
      issues.push(`session.gucs: "${name}" is no setting`);
  return Object.freeze(Object.fromEntries(entries));
};

const checkNames = (session: SessionOptions, issues: string[]): void => {
  const { role, searchPath } = session;
  if (searchPath?.length === 0) issues.push('session.searchPath: expected at least one schema');
  for (const schema of searchPath ?? []) checkText('session.searchPath', schema, issues);
  if (role !== undefined) checkText('session.role', role, issues);
};

/** Copies and validates `session`. Unknown keys are the caller's to find. */
export const resolveSession = (given: SessionOptions = {}, url: UrlParts, issues: string[]): ResolvedSession => {
  const { searchPath, role, setup, timeZone = POSTGRES_DEFAULTS.timeZone } = given;
  const applicationName = given.applicationName ?? url.applicationName ?? POSTGRES_DEFAULTS.applicationName;
  checkText('session.applicationName', applicationName, issues);
  checkText('session.timeZone', timeZone, issues);
  checkNames(given, issues);
  return Object.freeze({
    applicationName,
    timeZone,
    gucs: resolveGucs(given.gucs, issues),
    ...(searchPath === undefined ? {} : { searchPath: Object.freeze([...searchPath]) }),
    ...(role === undefined ? {} : { role }),
    ...(setup === undefined ? {} : { setup }),
  });
};

const POOLERS: readonly string[] = ['none', 'session', 'transaction'];

/** What needs a session of its own cannot be had where each transaction may be on another one. */
export const resolvePooler = (options: PostgresOptions, issues: string[]): Pooler => {
  const { pooler = POSTGRES_DEFAULTS.pooler, session, pool, timeouts } = options;
  if (!POOLERS.includes(pooler)) issues.push(`pooler: expected ${POOLERS.join(', ')}`);
  if (pooler !== 'transaction') return pooler;
  if (session?.setup !== undefined) issues.push('session.setup: not behind a transaction pooler');
  if (pool?.reset === 'discard') issues.push('pool.reset: not behind a transaction pooler');
  if ((timeouts?.transactionMs ?? 0) > 0) issues.push('timeouts.transactionMs: not behind a transaction pooler');
  return pooler;
};
