import type { DriverProducer } from './driver.ts';
import type { ProducerDriverError, ProducerUnavailableError } from './errors.ts';
import { guarded } from './guarded.ts';
import { notSent } from './not-sent.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { unlessAborted, within } from './within.ts';

/** What came of opening a producer. */
export type Opened =
  | { readonly type: 'done'; readonly driver: DriverProducer }
  | { readonly type: 'refused'; readonly error: ProducerUnavailableError }
  | { readonly type: 'failed'; readonly error: ProducerDriverError };

interface Opening {
  readonly options: ResolvedProducerPoolOptions;
  readonly id: string;
  readonly signal: AbortSignal;
}

/** Opens a producer of the driver behind the guard; the signal ends the wait for either. Never rejects. */
export const openProducer = async (opening: Opening): Promise<Opened> => {
  const { options, signal } = opening;
  const open = async (): Promise<DriverProducer> => {
    try {
      return await openInTime(opening);
    } catch (error) {
      throw notSent(options, error);
    }
  };
  try {
    const behindGuard = () => guarded(options.guard, open, { pool: options.name, scope: 'broker' });
    const result = await unlessAborted(signal, behindGuard);
    if (result.type === 'done') return { type: 'done', driver: result.value };
    return result.type === 'refused' ? result : { type: 'failed', error: notSent(options, result.error) };
  } catch (error) {
    return { type: 'failed', error: notSent(options, error) };
  }
};

const openInTime = async ({ options, id, signal }: Opening): Promise<DriverProducer> => {
  const { driver, idempotent, connectTimeoutMs, requestTimeoutMs, pool, timers, runInContext } = options;
  const o = { id, idempotent, connectTimeoutMs, requestTimeoutMs, signal };
  // A guard that comes round too late opens nothing.
  signal.throwIfAborted();
  const opened = runInContext(() => driver.open(o));
  try {
    return await unlessAborted(signal, () => opened);
  } catch (error) {
    // A driver that opens in spite of the signal has its producer killed: nobody would ever close it.
    opened.then(
      (late) => within(late.kill('opened too late'), pool.killTimeoutMs, timers),
      () => undefined,
    );
    throw error;
  }
};
