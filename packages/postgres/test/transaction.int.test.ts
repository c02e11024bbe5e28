import { describe, expect, test } from 'vitest';

import type { TxOptions } from '../src/tx.ts';
import { rejection } from './eventually.ts';
import { like } from './matchers.ts';
import { note, notes, useNotes, write } from './notes-table.ts';

describe('transactions on a real server', () => {
  const { open } = useNotes();

  test('R-PG-2 a callback that resolves is committed, one that throws is undone and its error rethrown as it is', async () => {
    await using pg = open();
    expect(await pg.tx((tx) => write(tx, 'kept'))).toBe(1);
    const mine = new Error('mine');
    const thrown = await rejection(
      pg.tx(async (tx) => {
        await write(tx, 'undone');
        throw mine;
      }),
    );
    expect(thrown).toBe(mine);
    expect(await notes(pg)).toEqual(['kept']);
    expect(pg.stats().tx).toMatchObject({ committed: 1, rolledBack: 1, unknown: 0 });
  });

  test('R-PG-2 isolation, access mode and deferrable reach the server; the pool is clean behind them', async () => {
    await using pg = open();
    const seen = await pg.tx({ isolation: 'serializable', readOnly: true, deferrable: true }, (tx) =>
      tx.one(`select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only,
        current_setting('transaction_deferrable') as deferrable`),
    );
    expect(seen).toEqual({ isolation: 'serializable', read_only: 'on', deferrable: 'on' });
    await using reader = open({ pool: { max: 1 }, session: { gucs: { default_transaction_deferrable: 'on' } } });
    const plain = await reader.tx({ readOnly: false, deferrable: false }, (tx) =>
      tx.one("select current_setting('transaction_read_only') as r, current_setting('transaction_deferrable') as d"),
    );
    expect(plain).toEqual({ r: 'off', d: 'off' });
    const refused = await rejection(pg.tx({ readOnly: true, retry: false }, (tx) => write(tx, 'x')));
    expect(refused).toMatchObject({ code: 'BUSBAR_POSTGRES_READ_ONLY', outcome: 'rejected' });
    expect(await pg.value('show transaction_read_only')).toBe('off');
    const hostile: TxOptions = {};
    Reflect.set(hostile, 'isolation', 'serializable; drop table notes');
    expect(await rejection(pg.tx(hostile, (tx) => write(tx, 'x')))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
    });
  });

  test('an empty transaction sends nothing; one with nothing but commitWith is not empty', async () => {
    await using pg = open();
    const order: string[] = [];
    await pg.tx(async (tx) => tx.afterCommit(() => order.push('empty')));
    await pg.tx(async (tx) => {
      tx.commitWith(note('a'), note('b'));
      tx.afterCommit(() => order.push('deferred'));
    });
    expect(order).toEqual(['empty', 'deferred']);
    expect(await notes(pg)).toEqual(['a', 'b']);
  });

  test('a commitWith that the server refuses undoes the whole transaction', async () => {
    await using pg = open();
    await pg.tx((tx) => write(tx, 'taken'));
    const error = await rejection(
      pg.tx(async (tx) => {
        await write(tx, 'row');
        tx.commitWith(note('taken'));
      }),
    );
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT', outcome: 'rejected' });
    expect(await notes(pg)).toEqual(['taken']);
  });

  test('commitWith refuses what could end the transaction or needs the connection to itself', async () => {
    await using pg = open();
    const refused = (text: string) => rejection(pg.tx(async (tx) => tx.commitWith(note('x'), { text })));
    expect(await refused('commit')).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL' });
    expect(await refused('copy notes from stdin')).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
    expect(await notes(pg)).toEqual([]);
  });

  test('a deferred constraint that fails at COMMIT rejects', async () => {
    await using pg = open();
    await pg.execute('create table child (n text references notes (n) deferrable initially deferred)');
    const error = await rejection(pg.tx((tx) => tx.execute("insert into child values ('nobody')")));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT', sqlState: '23503', outcome: 'rejected' });
    expect(await pg.value('select count(*)::int from child')).toBe(0);
  });

  test('a failure that nobody awaited still stops the commit', async () => {
    await using pg = open();
    const failures: Promise<unknown>[] = [];
    const error = await rejection(
      pg.tx(async (tx) => {
        failures.push(rejection(tx.query('select 1/0')), rejection(write(tx, 'after')));
      }),
    );
    expect(error).toMatchObject({
      code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK',
      cause: like({ sqlState: '22012' }),
    });
    const [first, second] = await Promise.all(failures);
    expect(first).toMatchObject({ sqlState: '22012' });
    expect(second).toMatchObject({
      code: 'BUSBAR_POSTGRES_TX_ABORTED',
      cause: like({ sqlState: '22012' }),
    });
  });

  test('a transaction is dead after its end', async () => {
    await using pg = open();
    const escaped = await pg.tx(async (tx) => tx);
    for (const use of [escaped.query('select 1'), escaped.savepoint(async () => 1)])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await rejection(use)).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_ENDED' });
    for (const register of [() => escaped.commitWith(note('x')), () => escaped.afterCommit(() => undefined)])
      expect(register).toThrow(like({ code: 'BUSBAR_POSTGRES_TX_ENDED' }));
  });

  test('hooks: exactly one kind runs, and one that throws changes nothing', async () => {
    await using pg = open();
    const ran: string[] = [];
    await pg.tx(async (tx) => {
      tx.afterCommit(() => {
        throw new Error('hook');
      });
      tx.afterCommit(() => ran.push('commit'));
      tx.afterRollback(() => ran.push('rollback'));
      tx.afterUnknown(() => ran.push('unknown'));
    });
    expect(ran).toEqual(['commit']);
  });
});
