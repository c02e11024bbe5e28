import { join } from 'node:path';

import { sharedRun } from '@busbar-tooling/dev-services';
import { expect, test } from 'vitest';

import { grownResources } from '../src/leak-checks.ts';
import { requireService } from '../src/require-service.ts';
import { runTestFile } from './vitest-runs.ts';

test('what is more than before is named, and what was there before is not', () => {
  const before = new Map([['TCPSocketWrap', 2]]);
  const after = new Map([
    ['TCPSocketWrap', 3],
    ['ProcessWrap', 1],
  ]);
  expect(grownResources(before, after)).toEqual(['1 TCPSocketWrap', '1 ProcessWrap']);
  expect(grownResources(after, before)).toEqual([]);
});

test(
  'a test that leaves a server or a database connection open fails, its clean neighbor does not',
  { timeout: 60_000 },
  async (ctx) => {
    await requireService(ctx, 'postgres');
    const run = await runTestFile(
      `
import { createServer } from 'node:net';
import pg from 'pg';
import { test } from 'vitest';
import { useLeakChecks } from '../../src/leak-checks.ts';
import { useTestDatabase } from '../../src/test-database.ts';
const db = useTestDatabase();
useLeakChecks({ database: db });
const connect = async () => { const client = new pg.Client({ connectionString: db().url, application_name: 'leaky' }); client.on('error', () => {}); await client.connect(); return client; };
test('clean', async () => { const client = await connect(); await client.query('select 1'); await client.end(); });
test('server', async () => { await new Promise((resolve) => createServer().listen(0, '127.0.0.1', resolve)); });
test('connection', async () => { await connect(); });
`,
      { DEV_SERVICES_STATE: join((await sharedRun()).folder, 'state.json') },
    );
    expect(run.tests.map(({ name, state }) => [name, state])).toEqual([
      ['clean', 'passed'],
      ['server', 'failed'],
      ['connection', 'failed'],
    ]);
    expect(run.tests[1]?.failure).toContain('1 TCPServerWrap');
    expect(run.tests[2]?.failure).toMatch(/1 TCPSocketWrap; a connection to busbar_test_\w+: leaky, idle/);
  },
);
