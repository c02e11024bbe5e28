import { fileVariableOf } from './env-names.ts';
import type { Issue } from './issue.ts';
import type { SettingNode } from './setting-tree.ts';
import type { UnknownName } from './sources/layer.ts';

/**
 * "Did you mean": the known name nearest to one that nobody knows. Names are shown, the values under them never:
 * a misspelt name may hold a password.
 */
const MAX_HINTS = 100;
const MAX_LENGTH = 128;
const UNIT_SUFFIX = /(?:_?ms|_?bytes|_?ratio)$/iu;

/** Edits (insert, delete, replace, swap of neighbors) from one text to the other, or Infinity beyond the limit. */
export const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    if (Math.min(...current) > limit) return Number.POSITIVE_INFINITY;
    beforeLast = last;
    last = current;
  }
  const distance = at(last, b.length);
  return distance > limit ? Number.POSITIVE_INFINITY : distance;
};

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;

/**
 * The known name nearest to `name`: at most max(2, length / 5) edits away in any case, or the same but for a missing
 * unit suffix. The first of equals wins; undefined for a name longer than 128 characters.
 */
export const nearestName = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 5)) + 1;
  for (const candidate of known) {
    const offered = candidate.toLowerCase();
    if (offered.replace(UNIT_SUFFIX, '') === wanted) return candidate;
    const distance = editDistance(wanted, offered, bestDistance - 1);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
};

interface Known {
  readonly settings: readonly SettingNode[];
  readonly groups: ReadonlySet<string>;
}

/** An unknown name with the known one it was probably meant to be. */
export interface Misnamed extends UnknownName {
  readonly near: string | undefined;
}

/** Adds a hint to each of the first hundred names; more of them are no slips of the hand. */
export const withHints = (known: Known, names: readonly UnknownName[]): readonly Misnamed[] => {
  const paths = [...known.settings.map((node) => node.path), ...known.groups];
  const variables = known.settings.flatMap((node) => [node.env, fileVariableOf(node.env)]);
  return names.map((unknown, index) => ({
    ...unknown,
    near: index < MAX_HINTS ? nearestName(unknown.name, unknown.code === 'UNKNOWN_ENV' ? variables : paths) : undefined,
  }));
};

/** The issue of an unknown name. */
export const unknownNameIssue = ({ code, name, source, near }: Misnamed, severity: Issue['severity']): Issue => ({
  code,
  severity,
  ...(code === 'UNKNOWN_ENV' ? { env: shorten(name) } : { path: shorten(name) }),
  source,
  message: code === 'UNKNOWN_ENV' ? 'unknown variable' : 'unknown setting',
  ...(near === undefined ? {} : { help: `did you mean ${near}?` }),
});

const shorten = (name: string): string => (name.length <= MAX_LENGTH ? name : `${name.slice(0, MAX_LENGTH)}…`);
