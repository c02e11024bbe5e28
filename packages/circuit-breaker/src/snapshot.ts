/** The state of a breaker outside the process: how it is exported, and how far what comes back is trusted. */
import type { Machine } from './machine.ts';
import type { BreakerSettings } from './options.ts';
import type { AutomaticState } from './state-machine.ts';
import type { BreakerStats } from './stats.ts';
import type { WindowBucket, WindowStateV1 } from './windows/failure-window.ts';

/** What is kept across restarts; plain JSON. Version 1. */
export interface BreakerStateV1 {
  readonly v: 1;
  readonly name: string;
  /** Of the automatic machine. */
  readonly state: AutomaticState;
  readonly isolated: boolean;
  /** Why it is isolated. */
  readonly reason?: string;
  readonly openRemainingMs: number;
  readonly openCount: number;
  readonly consecutiveFailures: number;
  /** Wall-clock time of the export, in epoch ms. */
  readonly savedAtUnixMs: number;
  readonly window?: WindowStateV1;
}

/** Everything that can be seen of a breaker at one moment. */
export interface BreakerSnapshot {
  readonly stats: BreakerStats;
  readonly settings: BreakerSettings;
  /** Of the window, oldest first, empty ones left out. */
  readonly buckets: readonly WindowBucket[];
}

/** A saved state, checked and brought up to date. */
export interface RestoredState {
  readonly state: 'closed' | 'open';
  readonly openRemainingMs: number;
  readonly openCount: number;
  readonly consecutiveFailures: number;
  readonly isolatedFor: string | undefined;
  readonly window: WindowStateV1 | undefined;
  /** Since it was saved, by the wall clock; 0 if that has stepped back. */
  readonly elapsedMs: number;
}

export interface ExportTimes {
  readonly nowMs: number;
  readonly unixMs: number;
}

export interface ExportedParts {
  readonly name: string;
  readonly machine: Machine;
  readonly isolatedFor: string | undefined;
}

export const exportState = ({ name, machine, isolatedFor }: ExportedParts, at: ExportTimes): BreakerStateV1 => ({
  v: 1,
  name,
  state: machine.state,
  isolated: isolatedFor !== undefined,
  ...(isolatedFor !== undefined && { reason: isolatedFor }),
  openRemainingMs: machine.openRemainingMs(at.nowMs),
  openCount: machine.openCount,
  consecutiveFailures: machine.tally.consecutive,
  savedAtUnixMs: at.unixMs,
  ...(machine.tally.window !== undefined && { window: machine.tally.window.toState(at.nowMs) }),
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Counts of a foreign store are taken only if they are sane. */
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.MAX_VALUE;

const isBucket = (value: unknown): value is WindowBucket =>
  isRecord(value) &&
  isDuration(value['ageMs']) &&
  isCount(value['calls']) &&
  isCount(value['failures']) &&
  isCount(value['slow']) &&
  Math.max(value['failures'], value['slow']) <= value['calls'];

const isWindow = (value: unknown): value is WindowStateV1 => {
  if (!isRecord(value)) return false;
  const { type, buckets, outcomes } = value;
  if (type === 'time') return Array.isArray(buckets) && buckets.every((bucket) => isBucket(bucket));
  return type === 'count' && typeof outcomes === 'string' && /^[0-3]{0,65536}$/u.test(outcomes);
};

/** What is wrong with a saved state of `name`, or nothing. Never throws on what JSON can hold. */
const problemOf = (saved: unknown, name: string): string | undefined => {
  if (!isRecord(saved)) return 'no object';
  if (saved['v'] !== 1) return 'another version';
  if (saved['name'] !== name) return 'the state of another breaker';
  return problemOfFields(saved);
};

const problemOfFields = (saved: Readonly<Record<string, unknown>>): string | undefined => {
  const { state, isolated, reason, openRemainingMs, openCount, consecutiveFailures, savedAtUnixMs, window } = saved;
  const sound: Readonly<Record<string, boolean>> = {
    state: state === 'closed' || state === 'open' || state === 'half-open',
    isolated: typeof isolated === 'boolean',
    reason: reason === undefined || typeof reason === 'string',
    openRemainingMs: isDuration(openRemainingMs),
    openCount: isCount(openCount),
    consecutiveFailures: isCount(consecutiveFailures),
    savedAtUnixMs: isDuration(savedAtUnixMs),
    window: window === undefined || isWindow(window),
  };
  const wrong = Object.keys(sound).find((field) => sound[field] === false);
  return wrong === undefined ? undefined : `${wrong} is not valid`;
};

/** The verdict of {@link problemOf}, told to the type system. */
const isState = (_saved: unknown, problem: string | undefined): _saved is BreakerStateV1 => problem === undefined;

export interface RestoreLimits {
  readonly name: string;
  readonly maxOpenMs: number;
  readonly unixMs: number;
}

/** A saved state brought up to date, or the problem that keeps it from being used. A clock skewed by days is harmless. */
export const restoredState = (saved: unknown, { name, maxOpenMs, unixMs }: RestoreLimits): RestoredState | string => {
  const problem = problemOf(saved, name);
  if (!isState(saved, problem)) return String(problem);
  const elapsedMs = Math.max(0, unixMs - saved.savedAtUnixMs);
  const remainingMs = saved.state === 'open' ? saved.openRemainingMs - elapsedMs : 0;
  return {
    state: saved.state === 'closed' ? 'closed' : 'open',
    openRemainingMs: Math.min(maxOpenMs, Math.max(0, remainingMs)),
    openCount: saved.openCount,
    consecutiveFailures: saved.consecutiveFailures,
    isolatedFor: saved.isolated ? (saved.reason ?? 'isolated before a restart') : undefined,
    window: saved.window,
    elapsedMs,
  };
};
