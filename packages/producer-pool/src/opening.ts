import type { DriverProducer } from './driver.ts';
import { ProducerDriverError, type ProducerUnavailableError } from './errors.ts';
import { guarded } from './guarded.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { within } from './within.ts';

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

/** Opens a producer of the driver behind the guard; the signal ends the wait. Never rejects. */
export const openProducer = async (opening: Opening): Promise<Opened> => {
  const { options } = opening;
  const open = async (): Promise<DriverProducer> => {
    try {
      return await openInTime(opening);
    } catch (error) {
      throw asDriverError(options, error);
    }
  };
  const result = await guarded(options.guard, open, { pool: options.name, scope: 'broker' });
  if (result.type === 'done') return { type: 'done', driver: result.value };
  return result.type === 'refused' ? result : { type: 'failed', error: asDriverError(options, result.error) };
};

/** What the guard sees, and whoever waits for the producer. */
const asDriverError = (options: ResolvedProducerPoolOptions, error: unknown): ProducerDriverError => {
  if (error instanceof ProducerDriverError) return error;
  const { scope, kind, kafkaError, kafkaCode } = options.driver.classify(error);
  return new ProducerDriverError(
    { pool: options.name, scope: scope === 'client' ? 'client' : 'broker', kind, kafkaError, kafkaCode },
    { cause: error, outcome: 'not-sent' },
  );
};

const openInTime = async ({ options, id, signal }: Opening): Promise<DriverProducer> => {
  const { driver, idempotent, connectTimeoutMs, requestTimeoutMs, pool, timers } = options;
  const opened = options.runInContext(() =>
    driver.open({ id, idempotent, connectTimeoutMs, requestTimeoutMs, signal }),
  );
  const cut = Promise.withResolvers<never>();
  const onAbort = (): void => {
    // A driver that opens in spite of the signal has its producer killed: nobody would ever close it.
    opened.then(
      (late) => within(late.kill('opened too late'), pool.killTimeoutMs, timers),
      () => undefined,
    );
    cut.reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([opened, cut.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
