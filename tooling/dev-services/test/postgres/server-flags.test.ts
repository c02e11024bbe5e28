import { expect, test } from 'vitest';

import { serverVersion } from '../../src/postgres/binaries.ts';
import { initdbArguments } from '../../src/postgres/cluster-cache.ts';
import { serverFlags } from '../../src/postgres/server-flags.ts';

const settings = (flags: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    flags
      .filter((flag) => /^\w+=/.test(flag))
      .map((flag) => [flag.slice(0, flag.indexOf('=')), flag.slice(flag.indexOf('=') + 1)]),
  );

test('a server listens on loopback alone and does not wait for the disk', () => {
  const flags = serverFlags({ dataFolder: '/data', port: 20_001 });
  expect(flags.slice(0, 4)).toEqual(['-D', '/data', '-p', '20001']);
  expect(Object.fromEntries(settings(flags))).toMatchObject({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
  });
  expect(settings(flags).has('synchronous_commit')).toBe(false); // off would lose commits with a killed server
});

test('a durable server waits for the disk, and a setting of the caller wins', () => {
  const flags = settings(
    serverFlags({ dataFolder: '/data', port: 1, durable: true, settings: { max_connections: '7' } }),
  );
  expect([flags.has('fsync'), flags.has('full_page_writes'), flags.get('max_connections')]).toEqual([
    false,
    false,
    '7',
  ]);
});

test('the collation is the same on every system', () => {
  expect(initdbArguments('18.4')).toContain('--builtin-locale=C.UTF-8');
  expect(initdbArguments('15.20')).not.toContain('--locale-provider=builtin');
  expect(initdbArguments('15.20')).toContain('--locale=C');
  expect(serverVersion('18.4.0-beta.17')).toBe('18.4');
});
