interface Flushable {
  forceFlush(): Promise<unknown>;
}

const isFlushable = (provider: unknown): provider is Flushable =>
  typeof provider === 'object' &&
  provider !== null &&
  'forceFlush' in provider &&
  typeof provider.forceFlush === 'function';

/**
 * Lets providers export what they hold, for at most `deadlineMs`. Never rejects: that an exporter is away is its own
 * business, and the end of a process must not depend on it.
 */
export const flushWithin = async (providers: readonly unknown[], deadlineMs: number): Promise<void> => {
  const flushes = providers.filter(isFlushable).map(async (provider) => provider.forceFlush());
  if (flushes.length === 0) return;
  const deadline = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => deadline.resolve(undefined), deadlineMs);
  await Promise.race([Promise.allSettled(flushes), deadline.promise]);
  clearTimeout(timer);
};
