import { describe, expect, test } from 'vitest';

import { SessionClient } from '../src/client.ts';
import {
  admits,
  candidatesOf,
  isDemoted,
  socketAddress,
  TARGET_SESSION_ATTRS,
  Unreachable,
  type ServerRole,
  type TargetSessionAttrs,
} from '../src/targets.ts';

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

describe('F1 the order of servers', () => {
  const [a, b] = [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ];

  test('is that of the list; a standby is looked for everywhere before anything else will do', () => {
    expect(candidatesOf([a, b], 'primary')).toEqual([
      { target: a, wanted: 'primary' },
      { target: b, wanted: 'primary' },
    ]);
    expect(candidatesOf([a, b], 'prefer-standby').map(({ target, wanted }) => `${target.host} ${wanted}`)).toEqual([
      'a standby',
      'b standby',
      'a any',
      'b any',
    ]);
  });

  test('what could not be reached comes last for 10 s, or until it is reached', () => {
    const unreachable = new Unreachable();
    const order = (nowMs: number) => unreachable.last(['x', 'y', 'z'], nowMs, (item) => item).join('');
    expect(order(0)).toBe('xyz');
    unreachable.note('x', 0);
    unreachable.note('y', 5_000);
    expect([order(5_000), order(9_999), order(10_000), order(15_000)]).toEqual(['zxy', 'zxy', 'xzy', 'xyz']);
    unreachable.note('z', 16_000);
    unreachable.note('x', 16_000);
    unreachable.clear('x');
    expect(order(16_000)).toBe('xyz');
  });

  test('a socket goes to an address and a port, or to a file', () => {
    expect(socketAddress({ ...a, address: '10.0.0.1' })).toEqual({ host: '10.0.0.1', port: 1 });
    expect(socketAddress({ host: '/run', port: 5432, address: '/run' })).toEqual({ path: '/run/.s.PGSQL.5432' });
  });
});
