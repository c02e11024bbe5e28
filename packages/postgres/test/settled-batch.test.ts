import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { prepareCall, type Call, type CallDefaults } from '../src/call.ts';
import { StatementGuard } from '../src/guard/guard.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { settleEach } from '../src/settled-batch.ts';

test('B2 statements that are each on their own share one budget, which begins with the first', async () => {
  const clock = manualClock(1_000);
  const { guard } = resolvePostgresOptions({ host: 'db', database: 'app', user: 'app' });
  const defaults: CallDefaults = {
    pool: 'default',
    queryDeadlineMs: 100,
    maxRows: 10,
    clock,
    guard: new StatementGuard(guard),
    sessions: 'own',
    autoPrepareAfter: 0,
  };
  const ran: Call[] = [];
  const select = (n: number) => ({ text: `select ${n}` });
  const settled = await settleEach([select(1), { text: 'commit' }, select(2), select(3)], {
    prepare: (given) => prepareCall(given, {}, { defaults, txControl: 'refused' }),
    run: async (call) => {
      ran.push(call);
      await clock.advance(60);
      return { rows: [], rowCount: ran.length, command: 'SELECT', fields: [] };
    },
  });
  expect(ran.map(({ startedAtMs, deadlineAtMs }) => [startedAtMs, deadlineAtMs])).toEqual([
    [1_000, 1_100],
    [1_060, 1_100],
  ]);
  expect(settled).toMatchObject([
    { status: 'fulfilled', value: { rowCount: 1 } },
    { status: 'rejected', reason: { code: 'BUSBAR_POSTGRES_TX_CONTROL' } },
    { status: 'fulfilled', value: { rowCount: 2 } },
    {
      status: 'rejected',
      reason: { code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'not-sent', details: { deadlineMs: 100 } },
    },
  ]);
});
