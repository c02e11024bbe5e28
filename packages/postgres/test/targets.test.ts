import { describe, expect, test } from 'vitest';

import { SessionClient } from '../src/client.ts';
import { admits, isDemoted, TARGET_SESSION_ATTRS, type ServerRole, type TargetSessionAttrs } from '../src/targets.ts';

const ALL: readonly TargetSessionAttrs[] = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'];

const roles: readonly (readonly [what: string, role: ServerRole, admitted: readonly string[]])[] = [
  ['a primary', { standby: false, readOnly: false }, ['any', 'read-write', 'primary', 'prefer-standby']],
  ['a read-only primary', { standby: false, readOnly: true }, ['any', 'read-only', 'primary', 'prefer-standby']],
  ['a standby', { standby: true, readOnly: false }, ['any', 'read-only', 'standby', 'prefer-standby']],
  ['a session that says nothing', { standby: undefined, readOnly: undefined }, [...ALL]],
];

describe('H14 targetSessionAttrs', () => {
  test('has the six values of libpq', () => {
    expect(TARGET_SESSION_ATTRS).toEqual(ALL);
  });

  test('a client that was told nothing, as behind a pooler, knows nothing', () => {
    const client = new SessionClient({ host: 'h' });
    expect([client.role, client.serverMajorVersion]).toEqual([{ standby: undefined, readOnly: undefined }, 0]);
  });

  test.each(roles)('%s is admitted as libpq does', (_what, role, admitted) => {
    expect(ALL.filter((attrs) => admits(attrs, role))).toEqual(admitted);
  });

  test('25006 is a demotion unless the session still takes writes, or none were asked for', () => {
    const [[, primary] = [], [, readOnly] = [], [, standby] = [], [, silent] = []] = roles;
    const of = (role: ServerRole | undefined) => ALL.filter((attrs) => role !== undefined && isDemoted(attrs, role));
    expect(of(primary)).toEqual([]);
    expect(of(readOnly)).toEqual(['read-write']);
    expect(of(standby)).toEqual(['read-write', 'primary']);
    expect(of(silent)).toEqual(['read-write', 'primary']);
  });
});
