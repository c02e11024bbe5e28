/** Arms that do something with a database, so many at a time, and are right if every answer was and if the rows are there. */
import type { Arm } from '../../harness/define-case.ts';
import { closedLoop } from '../closed-loop.ts';
import { mustBe } from '../looped-arm.ts';
import { benchDatabase, type BenchDatabase, type DatabasePlace } from './bench-database.ts';

/** What all arms of a case do it with. */
export interface Workload {
  /** Operations under way at a time. */
  readonly concurrency: number;
  /** Makes the tables unless they are there, and brings them into the state in which a visit finds them. */
  readonly tables: string;
  /** A query for the number of rows that the operations have written: `each` of them for every operation. */
  readonly written?: { readonly count: string; readonly each: number };
}

/** A client and what the arm does with it. */
export interface DatabaseArm<C> extends Pick<Arm, 'name' | 'role' | 'package' | 'options' | 'caveat'> {
  readonly open: (place: DatabasePlace) => Promise<C>;
  readonly close: (client: C) => Promise<unknown>;
  /** Rejects if the answer is wrong. */
  readonly operation: (client: C, index: number) => Promise<unknown>;
  /** Throws if the client did not do so many operations. */
  readonly verify?: (client: C, operations: number) => void;
}

/**
 * One client for all visits of a round: what is measured is a pool whose connections are there. The first visit lives as long as
 * the round, so the last to close it ends the client.
 */
class SharedClient<C> {
  readonly #arm: Pick<DatabaseArm<C>, 'open' | 'close'>;
  #opened: Promise<C> | undefined;
  #users = 0;
  operations = 0;

  constructor(arm: Pick<DatabaseArm<C>, 'open' | 'close'>) {
    this.#arm = arm;
  }

  use(database: BenchDatabase): Promise<C> {
    this.#users += 1;
    this.#opened ??= this.#arm.open(database.place);
    return this.#opened;
  }

  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0 || this.#opened === undefined) return;
    const client = await this.#opened;
    this.#opened = undefined;
    this.operations = 0;
    await this.#arm.close(client);
  }
}

/** The state of before, on disk: no visit pays for what another one wrote (BM-8). */
const resetText = ({ tables, written }: Workload): string =>
  written === undefined ? tables : `${tables}; vacuum; checkpoint`;

export const databaseArm = <C>(made: DatabaseArm<C>, workload: Workload): Arm => {
  const { open, close, operation, verify, ...arm } = made;
  const { concurrency, written } = workload;
  const shared = new SharedClient({ open, close });
  return {
    ...arm,
    setup: async () => {
      const database = await benchDatabase();
      await runEach(database, resetText(workload));
      const client = await shared.use(database);
      let operations = 0;
      return {
        run: async (iterations) => {
          const before = operations;
          await closedLoop(iterations, concurrency, (index) => operation(client, before + index));
          operations += iterations;
          shared.operations += iterations;
        },
        verify: async () => {
          verify?.(client, shared.operations);
          if (written !== undefined)
            mustBe('rows written', await database.number(written.count), operations * written.each);
        },
        close: () => shared.leave(),
      };
    },
  };
};

/** VACUUM and CHECKPOINT take no transaction, and several statements in one text are one. */
const runEach = async (database: BenchDatabase, text: string): Promise<void> => {
  for (const statement of text.split(';')) if (statement.trim() !== '') await database.run(statement);
};
