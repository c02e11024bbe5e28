/**
 * COPY both ways, at the pace of the slower side.
 *
 * In: the source is read only when the socket has room; what it throws, and an abort, become CopyFail, so that no row is kept. The source decides
 * how long its own work takes, the server gets `deadlineMs` for each wait.
 * Out: above `HIGH_WATER_BYTES` that were not taken the socket is paused, and the server with it. Who has enough before the end makes it a real cancel:
 * the rest is read and dropped, or the connection destroyed; nobody gets one that is half read.
 */
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import { copyBytes } from './copy-bytes.ts';
import { Exchange, ExchangeRun, type Hold } from './exchange.ts';
import { handedOver, type Handoff, type Portion } from './handoff.ts';
import type { NamedGroup } from './pipeline.ts';
import type { WireConnection } from './pool-port.ts';
import type { Submission } from './query.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

const HIGH_WATER_BYTES = 262_144;

/** @throws {@link ArgumentInvalidError} */
export const checkedCopy = (call: Call): Call => {
  if (call.verdict.keyword === 'copy') return call;
  throw new ArgumentInvalidError({ argument: 'sql', expected: 'a COPY statement' }, { label: call.label });
};

const wrongWay = (call: Call, expected: string): ArgumentInvalidError =>
  new ArgumentInvalidError({ argument: 'sql', expected }, { label: call.label, outcome: 'unknown' });

class CopyIn extends Exchange {
  /** The server takes data. */
  isOpen = false;
  #isStopping = false;
  readonly #onOpen: () => void;

  constructor(wire: WireConnection, group: NamedGroup, onOpen: () => void) {
    super(wire, group);
    this.#onOpen = onOpen;
  }

  override handleCopyInResponse(): void {
    this.isOpen = true;
    if (this.#isStopping) this.fail();
    this.#onOpen();
  }

  /** False: the socket has no room, wait for `drain`. */
  write(bytes: Buffer): boolean {
    if (!this.isSealed) this.wire.sendCopyFromChunk(bytes);
    return this.isSealed || !this.wire.stream.writableNeedDrain;
  }

  whenDrained(resume: () => void): void {
    this.wire.stream.once('drain', resume);
  }

  succeed(): void {
    this.wire.endCopyFrom(); // ignored by a server that has refused already
    this.sync();
  }

  fail(): void {
    if (this.isSealed) return;
    this.wire.sendCopyFail('the source failed, or is not wanted any more');
    this.sync();
  }

  override stop(): boolean {
    this.#isStopping = true;
    if (this.isOpen) this.fail();
    return false; // it may be at work on what it has: a trigger, a lock
  }
}

/** Carries a source into a COPY until one of them ends. */
class Pump {
  readonly #run: ExchangeRun<CopyIn>;
  readonly #group: CopyIn;
  #wake = (): void => undefined;
  #isOver = false;

  constructor(run: ExchangeRun<CopyIn>, group: CopyIn) {
    this.#run = run;
    this.#group = group;
    void run.settled.then(() => this.#onSettled());
  }

  #onSettled(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** What the source failed with, if that came first. */
  async carry(source: CopySource): Promise<{ readonly error: unknown } | undefined> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      while (!this.#group.isSealed && !this.#isOver) {
        this.#run.pause();
        // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
        const step = await this.#next(iterator);
        this.#run.resume();
        if (step === undefined) break;
        if (step.done === true) {
          this.#group.succeed();
          return undefined;
        }
        // oxlint-disable-next-line no-await-in-loop -- as fast as the socket takes it
        await this.#write(step.value);
      }
    } catch (error) {
      this.#run.resume();
      if (this.#group.isSealed) return undefined; // the end of the COPY came first
      this.#group.fail();
      endSource(iterator);
      return { error };
    }
    endSource(iterator);
    return undefined;
  }

  /** The next chunk; nothing once the COPY is over: then the source may take as long as it likes. */
  #next(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown> | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      iterator.next().then(resolve, reject);
    });
  }

  async #write(chunk: unknown): Promise<void> {
    for (const bytes of copyBytes(chunk)) {
      if (this.#group.write(bytes)) continue;
      // oxlint-disable-next-line no-await-in-loop -- the socket has no room
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#group.whenDrained(resolve); // it is not over: then nothing would wait for room
      });
      this.#run.resume();
    }
  }
}

/**
 * Nobody waits for it: a generator that is at work ends only when it comes to its next `yield`. What it throws then comes too late: the copy has
 * ended, with an error of its own where there was one.
 */
const endSource = (iterator: AsyncIterator<unknown>): void => {
  const end = async (): Promise<unknown> => iterator.return?.();
  end().catch(() => undefined);
};

/** What `copyIn` reads from. */
export type CopySource = AsyncIterable<Uint8Array | string>;

interface CopyInWork {
  readonly call: Call;
  readonly source: CopySource;
}

const runCopyIn = async (
  { call, source }: CopyInWork,
  connection: Connection,
  how: Submission,
): Promise<{ readonly rows: number }> => {
  const opened = Promise.withResolvers<void>();
  const run: ExchangeRun<CopyIn> = new ExchangeRun({
    call,
    connection,
    how,
    create: (wire, group) => new CopyIn(wire, group, opened.resolve),
  });
  void run.settled.then(() => opened.resolve());
  await opened.promise;
  const { group } = run;
  const failure = group?.isOpen === true ? await new Pump(run, group).carry(source) : undefined;
  const rows = (): number => group?.result.rowCount ?? 0;
  const isWrongWay = (): boolean => group?.isComplete === true && !group.isOpen && group.error === undefined;
  try {
    await run.end({ rows, refusal: () => (isWrongWay() ? wrongWay(call, 'COPY … FROM STDIN') : undefined) });
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
  return { rows: rows() };
};

/** Sends what the source gives. What the source throws is rethrown as it is. Nothing is read from it before the server takes data. */
export const copyIn = async (call: Call, source: CopySource, hold: Hold): Promise<{ readonly rows: number }> => {
  const isIterable = typeof source === 'object' && typeof Reflect.get(source, Symbol.asyncIterator) === 'function';
  if (!isIterable) throw new ArgumentInvalidError({ argument: 'source', expected: 'an async iterable' });
  return hold({ ...call, idempotent: false }, (connection, how) => runCopyIn({ call, source }, connection, how));
};

class CopyOut extends Exchange {
  /** The server asked for data. */
  isWrongWay = false;
  readonly #onBytes: () => void;
  #chunks: Buffer[] = [];
  #size = 0;
  #isStopping = false;

  constructor(wire: WireConnection, group: NamedGroup, onBytes: () => void) {
    super(wire, group);
    this.#onBytes = onBytes;
  }

  override handleCopyInResponse(): void {
    this.isWrongWay = true;
    super.handleCopyInResponse();
  }

  override handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    if (this.#isStopping) return;
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    if (this.#size >= HIGH_WATER_BYTES) this.wire.stream.pause();
    if (this.#chunks.length === 1) this.#onBytes();
  }

  /** All that has come. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    this.wire.stream.resume();
    return bytes;
  }

  /** The server writes, and hears nothing before it has room: what it writes is dropped. */
  override stop(): boolean {
    this.#isStopping = true;
    this.take();
    return false;
  }

  protected override sync(): void {
    this.wire.stream.resume();
    super.sync();
  }
}

const runCopyOut = async (
  { call, blocks }: { readonly call: Call; readonly blocks: Handoff<Portion<Uint8Array>> },
  connection: Connection,
  how: Submission,
): Promise<void> => {
  const onBytes = (group: CopyOut): void => {
    run.pause();
    blocks.put({
      take: () => {
        run.resume();
        return [group.take()];
      },
      more: () => undefined,
      giveUp: () => run.giveUp(),
    });
  };
  const run: ExchangeRun<CopyOut> = new ExchangeRun({
    call,
    connection,
    how,
    create: (wire, group) => {
      const copy: CopyOut = new CopyOut(wire, group, () => onBytes(copy));
      return copy;
    },
  });
  await run.end({
    rows: () => run.group?.result.rowCount ?? 0,
    refusal: () => (run.group?.isWrongWay === true ? wrongWay(call, 'COPY … TO STDOUT') : undefined),
  });
};

/** What a COPY gives, in blocks as they come. */
export const copyOut = (call: Call, hold: Hold): AsyncGenerator<Uint8Array, void, void> =>
  handedOver((blocks) =>
    hold({ ...call, idempotent: false }, (connection, how) => runCopyOut({ call, blocks }, connection, how)),
  );
