// What a server may be asked to be. Pure.

/** As in libpq. With one server `prefer-standby` is `any`. */
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
