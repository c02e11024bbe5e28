/** Runs `fn`, and kills what it works with when the signal aborts, so that `fn` ends. */
export const killedBy = async <T>(signal: AbortSignal, kill: () => Promise<void>, fn: () => Promise<T>): Promise<T> => {
  const onAbort = (): void => {
    void kill();
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await fn();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
