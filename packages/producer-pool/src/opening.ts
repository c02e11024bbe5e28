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
export const openProducer = async (wanted: Opening): Promise<Opened> => {
  const { options, signal } = wanted;
  const open = async (): Promise<DriverProducer> => {
    try {
      return await openInTime(wanted);
    } catch (error) {
      throw notSent(options, error);
    }
  };
  const opening = guarded(options.guard, open, { pool: options.name, scope: 'broker' });
  try {
    const result = await unlessAborted(signal, () => opening);
    if (result.type === 'done') return { type: 'done', driver: result.value };
    return result.type === 'refused' ? result : { type: 'failed', error: notSent(options, result.error) };
  } catch (error) {
    // It may be there already, and on its way through the guard.
    void opening.then((late) => (late.type === 'done' ? end(options, late.value) : undefined));
    return { type: 'failed', error: notSent(options, error) };
  }
};

/** Nobody would ever close a producer that comes too late. */
const end = (o: ResolvedProducerPoolOptions, late: DriverProducer): Promise<unknown> =>
  within(late.kill('opened too late'), o.pool.killTimeoutMs, o.timers);

const openInTime = async ({ options, id, signal }: Opening): Promise<DriverProducer> => {
  const { driver, idempotent, connectTimeoutMs, requestTimeoutMs, runInContext } = options;
  const o = { id, idempotent, connectTimeoutMs, requestTimeoutMs, signal };
  // A guard that comes round too late opens nothing.
  signal.throwIfAborted();
  const opened = runInContext(() => driver.open(o));
  try {
    return await unlessAborted(signal, () => opened);
  } catch (error) {
    // A driver may open in spite of the signal.
    opened.then(
      (late) => end(options, late),
      () => undefined,
    );
    throw error;
  }
};
