// What a server may be asked to be. Pure.

/** As in libpq. With one server `prefer-standby` is `any`. */
export type TargetSessionAttrs = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';

export const TARGET_SESSION_ATTRS: readonly TargetSessionAttrs[] = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
];

/** What a session says of itself, as ParameterStatus; `undefined` where a pooler keeps that to itself. */
export interface ServerRole {
  /** `in_hot_standby` */
  readonly standby: boolean | undefined;
  /** `default_transaction_read_only` */
  readonly readOnly: boolean | undefined;
}

/** Whether a session is what is asked for. One that says nothing of itself is taken as it is. */
export const admits = (attrs: TargetSessionAttrs, { standby, readOnly }: ServerRole): boolean => {
  switch (attrs) {
    case 'any':
    case 'prefer-standby':
      return true;
    case 'primary':
      return standby !== true;
    case 'standby':
      return standby !== false;
    case 'read-write':
      return standby !== true && readOnly !== true;
    case 'read-only':
      return standby !== false || readOnly !== false;
    default:
      return attrs satisfies never;
  }
};

/**
 * Whether a write refused as read-only (25006) says that the server has changed. A session that still says that it takes writes has refused what the
 * caller's own READ ONLY transaction tried.
 */
export const isDemoted = (attrs: TargetSessionAttrs, role: ServerRole): boolean => {
  if (attrs !== 'read-write' && attrs !== 'primary') return false;
  return role.standby === undefined || role.readOnly === undefined || !admits(attrs, role);
};
