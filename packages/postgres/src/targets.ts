// Which servers there are, in which order they are tried, and what one may be asked to be. Pure.

/** One server. */
export interface Target {
  /** Name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Where a connection goes. */
export interface Place extends Target {
  /** The address that the name stands for, if it is a name. */
  readonly address: string;
}

/** What `node:net` connects to. */
export const socketAddress = ({ address, port }: Place): { path: string } | { host: string; port: number } =>
  address.startsWith('/') ? { path: `${address}/.s.PGSQL.${port}` } : { host: address, port };

/** As in libpq. */
export type TargetSessionAttrs = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';

/** What a session says of itself, as ParameterStatus; `undefined` where a pooler keeps that to itself. */
export interface ServerRole {
  /** `in_hot_standby` */
  readonly standby: boolean | undefined;
  /** `default_transaction_read_only` */
  readonly readOnly: boolean | undefined;
}

const ADMITS: Readonly<Record<TargetSessionAttrs, (role: ServerRole) => boolean>> = {
  any: () => true,
  'read-write': ({ standby, readOnly }) => standby !== true && readOnly !== true,
  'read-only': ({ standby, readOnly }) => standby !== false || readOnly !== false,
  primary: ({ standby }) => standby !== true,
  standby: ({ standby }) => standby !== false,
  'prefer-standby': () => true,
};

export const TARGET_SESSION_ATTRS: readonly string[] = Object.keys(ADMITS);

/** Whether a session is what is asked for. One that says nothing of itself is taken as it is. */
export const admits = (attrs: TargetSessionAttrs, role: ServerRole): boolean => ADMITS[attrs](role);

/**
 * Whether a write refused as read-only (25006) says that the server has changed. A session that still says that it takes writes has refused what the
 * caller's own READ ONLY transaction tried.
 */
export const isDemoted = (attrs: TargetSessionAttrs, role: ServerRole): boolean => {
  if (attrs !== 'read-write' && attrs !== 'primary') return false;
  return role.standby === undefined || role.readOnly === undefined || !admits(attrs, role);
};

/** Whether a session is one of a primary that takes no writes, although the pool is not one for reads. */
export const isReadOnlyPrimary = (attrs: TargetSessionAttrs, { standby, readOnly }: ServerRole): boolean =>
  attrs !== 'read-only' && attrs !== 'standby' && standby === false && readOnly === true;

export interface Candidate {
  readonly target: Target;
  readonly wanted: TargetSessionAttrs;
}

/** What is looked for, one after the other: a standby among all servers first, where one is preferred. */
export const candidatesOf = (targets: readonly Target[], attrs: TargetSessionAttrs): readonly Candidate[] => {
  const rounds: readonly TargetSessionAttrs[] = attrs === 'prefer-standby' ? ['standby', 'any'] : [attrs];
  return rounds.flatMap((wanted) => targets.map((target) => ({ target, wanted })));
};

/** How long a server that could not be reached is tried last. (pgJDBC: `hostRecheckSeconds`.) */
const AVOIDED_MS = 10_000;

/**
 * What could not be reached a moment ago. It comes last in the order of tries, so that a machine that is off does not cost each new connection its
 * share of the time.
 */
export class Unreachable {
  readonly #sinceMs = new Map<string, number>();

  note(key: string, nowMs: number): void {
    for (const [known, sinceMs] of this.#sinceMs) if (nowMs - sinceMs >= AVOIDED_MS) this.#sinceMs.delete(known);
    this.#sinceMs.set(key, nowMs);
  }

  clear(key: string): void {
    this.#sinceMs.delete(key);
  }

  /** In the given order but for what is noted. */
  last<T>(items: readonly T[], nowMs: number, keyOf: (item: T) => string): readonly T[] {
    const isNoted = (item: T): boolean => nowMs - (this.#sinceMs.get(keyOf(item)) ?? -Infinity) < AVOIDED_MS;
    return [...items.filter((item) => !isNoted(item)), ...items.filter(isNoted)];
  }
}
