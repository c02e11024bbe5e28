import { describe, expect, test } from 'vitest';

import type { Tx } from '../src/tx.ts';
import { rejection } from './eventually.ts';
import { note, notes, useNotes, write } from './notes-table.ts';

describe('R-PG-2 savepoints on a real server', () => {
  const { open } = useNotes();

  test('a savepoint that throws is undone alone, and the transaction goes on', async () => {
    await using pg = open();
    await pg.tx(async (tx) => {
      await write(tx, 'outer');
      const error = await rejection(
        tx.savepoint(async (inner) => {
          await write(inner, 'inner');
          await inner.query('select 1/0');
        }),
      );
      expect(error).toMatchObject({ sqlState: '22012' });
      await tx.savepoint((inner) => write(inner, 'second'));
      await write(tx, 'after');
    });
    expect(await notes(pg)).toEqual(['after', 'outer', 'second']);
  });

  test('a commitWith of a rolled-back savepoint is dropped', async () => {
    await using pg = open();
    const ran: string[] = [];
    const hooks = (tx: Tx, name: string): void => {
      tx.commitWith(note(name));
      tx.afterCommit(() => ran.push(`commit ${name}`));
      tx.afterRollback(() => ran.push(`rollback ${name}`));
    };
    await pg.tx(async (tx) => {
      hooks(tx, 'root');
      await rejection(
        tx.savepoint(async (outer) => {
          await write(outer, 'work');
          hooks(outer, 'outer');
          await outer.savepoint(async (inner) => hooks(inner, 'released, then undone by the outer one'));
          await write(outer, 'later');
          throw new Error('undo');
        }),
      );
      await tx.savepoint(async (kept) => hooks(kept, 'kept'));
    });
    expect(await notes(pg)).toEqual(['kept', 'root']);
    expect(ran).toEqual([
      'rollback outer',
      'rollback released, then undone by the outer one',
      'commit root',
      'commit kept',
    ]);
  });

  test('a swallowed failure inside a savepoint cannot be released', async () => {
    await using pg = open();
    await pg.tx(async (tx) => {
      const error = await rejection(tx.savepoint(async (inner) => void (await rejection(inner.query('select 1/0')))));
      expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' });
      await write(tx, 'goes on');
    });
    expect(await notes(pg)).toEqual(['goes on']);
  });

  test('two savepoints at the same time are refused', async () => {
    await using pg = open();
    await pg.tx(async (tx) => {
      const first = tx.savepoint((inner) => write(inner, 'first'));
      expect(await rejection(tx.savepoint(async () => undefined))).toMatchObject({
        code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      });
      await first;
    });
    expect(await notes(pg)).toEqual(['first']);
  });

  test('a nested savepoint that nobody awaited undoes the one around it', async () => {
    await using pg = open();
    const nested: Promise<unknown>[] = [];
    await pg.tx(async (tx) => {
      const error = await rejection(
        tx.savepoint(async (outer) => {
          nested.push(rejection(outer.savepoint((inner) => write(inner, 'nested'))));
        }),
      );
      expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
      await write(tx, 'root');
    });
    expect(await Promise.all(nested)).toMatchObject([{ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' }]);
    expect(await notes(pg)).toEqual(['root']);
  });

  test('the handles of a transaction name the same one, those of another do not', async () => {
    await using pg = open();
    const first = await pg.tx(async (tx) => {
      expect(await tx.savepoint(async (inner) => inner.transaction)).toBe(tx.transaction);
      return tx.transaction;
    });
    expect(await pg.tx(async (tx) => tx.transaction)).not.toBe(first);
  });

  test('a savepoint that nobody awaits undoes the transaction, and touches the connection no more behind its end', async () => {
    await using pg = open({ pool: { max: 1 } });
    const { promise: gate, resolve } = Promise.withResolvers<void>();
    const { promise: sent, resolve: isSent } = Promise.withResolvers<void>();
    const forgotten: Promise<unknown>[] = [];
    const failed = pg.tx(async (tx) => {
      await write(tx, 'outer');
      const savepoint = tx.savepoint(async (inner) => {
        await write(inner, 'inner');
        inner.commitWith(note('event'));
        isSent();
        await gate;
        await inner.query('select 1');
      });
      forgotten.push(rejection(savepoint));
      await sent;
    });
    expect(await rejection(failed)).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      details: { argument: 'savepoint' },
    });
    const other = pg.tx(async (tx) => {
      await write(tx, 'of somebody else');
      resolve();
      expect(await forgotten[0]).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_ENDED' });
      await write(tx, 'undisturbed');
    });
    await other;
    expect(await notes(pg)).toEqual(['of somebody else', 'undisturbed']);
  });
});
