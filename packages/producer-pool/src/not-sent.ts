import { ProducerDriverError } from './errors.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';

/** A failure of the client before anything was sent, as the guard and whoever waits see it; one that is told already stays as it is. */
export const notSent = (
  { name: pool, driver }: Pick<ResolvedProducerPoolOptions, 'name' | 'driver'>,
  error: unknown,
): ProducerDriverError => {
  if (error instanceof ProducerDriverError) return error;
  const { scope, kind, kafkaError, kafkaCode } = driver.classify(error);
  return new ProducerDriverError({ pool, scope, kind, kafkaError, kafkaCode }, { cause: error, outcome: 'not-sent' });
};
