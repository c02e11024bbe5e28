/**
 * Rows of one statement as they are wanted: a portal that is asked for the next rows when the last ones have been taken.
 *
 *   fetching ──PortalSuspended──► suspended ──consumer wants more──► fetching
 *      └──CommandComplete──► done       └──consumer has enough──► closed
 *
 * At most `batchSize` rows are in memory. While it is suspended the server waits and holds the portal, so the connection is lent: statements for it
 * are refused until the stream is over.
 */
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import { Exchange, ExchangeRun, type Hold } from './exchange.ts';
import { handedOver, type Handoff, type Portion } from './handoff.ts';
import type { NamedGroup } from './pipeline.ts';
import type { WireConnection } from './pool-port.ts';
import { tooManyRows, type Submission } from './query.ts';
import type { AnyRow } from './row-decoder.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

const DEFAULT_BATCH_SIZE = 500;
const MAX_BATCH_SIZE = 10_000;

/** @throws {@link ArgumentInvalidError} */
export const checkedBatchSize = (batchSize = DEFAULT_BATCH_SIZE): number => {
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE) return batchSize;
  throw new ArgumentInvalidError({ argument: 'batchSize', expected: `an integer from 1 to ${MAX_BATCH_SIZE}` });
};

class Portal extends Exchange {
  readonly #onRows: (rows: readonly AnyRow[]) => void;
  #isSuspended = false;
  #isStopping = false;

  constructor(wire: WireConnection, group: NamedGroup, onRows: (rows: readonly AnyRow[]) => void) {
    super(wire, group);
    this.#onRows = onRows;
  }

  /** Asks for so many rows more; when it is over, for nothing. */
  fetch(rows: number): void {
    if (!this.#isSuspended || this.isSealed) return;
    this.#isSuspended = false;
    this.wire.execute({ portal: '', rows });
    this.wire.flush();
  }

  override stop(): boolean {
    this.#isStopping = true;
    if (!this.#isSuspended || this.isSealed) return false;
    this.complete();
    this.wire.close({ type: 'P', name: '' });
    this.sync();
    return true;
  }

  override handlePortalSuspended(): void {
    this.#isSuspended = true;
    if (this.error === undefined && !this.#isStopping) this.#onRows(this.takeRows());
    else this.stop();
  }

  protected override finish(): void {
    super.finish();
    if (this.error === undefined) this.#onRows(this.result.rows);
  }
}

interface Feed {
  readonly call: Call;
  readonly batchSize: number;
  readonly batches: Handoff<Portion<AnyRow>>;
}

/** The producing side: runs the portal to its end and hands over each batch. */
const runPortal = async (
  { call, batchSize, batches }: Feed,
  connection: Connection,
  how: Submission,
): Promise<void> => {
  const maxRows = call.mayWrite ? Number.POSITIVE_INFINITY : call.maxRows;
  let seen = 0;
  const limit = (): number => Math.min(batchSize, maxRows + 1 - seen);
  const giveUp = (): void => run.giveUp();
  const more = (): void => {
    run.resume();
    run.group?.fetch(limit());
  };
  const onRows = (rows: readonly AnyRow[]): void => {
    seen += rows.length;
    if (seen > maxRows) {
      giveUp();
      return;
    }
    run.pause();
    batches.put({ take: () => rows, more, giveUp });
  };
  const run: ExchangeRun<Portal> = new ExchangeRun({
    call: { ...call, statement: { ...call.statement, rowLimit: limit() } },
    connection,
    how,
    create: (wire, group) => new Portal(wire, group, onRows),
  });
  await run.end({
    rows: () => seen,
    refusal: () => (seen > maxRows ? tooManyRows(call, [call], how.inTransaction) : undefined),
  });
};

/** The rows of a statement. It is repeated only if nothing was sent: rows that were handed over must not come again. */
export const streamRows = (call: Call, batchSize: number, hold: Hold): AsyncGenerator<AnyRow, void, void> =>
  handedOver((batches) =>
    hold({ ...call, idempotent: false }, (connection, how) => runPortal({ call, batchSize, batches }, connection, how)),
  );
