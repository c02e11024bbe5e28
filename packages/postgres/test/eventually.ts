/** Waits until a condition of the outside world holds; fails after `limitMs` (default 5_000). */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 5_000,
): Promise<void> => {
  const startedAtMs = performance.now();
  // oxlint-disable-next-line no-await-in-loop -- asked again and again
  while (!(await holds())) {
    if (performance.now() - startedAtMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- the outside world needs time
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

/** The error of a promise that must reject. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to reject, and resolved');
};
