/** Waits for a condition of a real server, by asking. Fails with what it waited for. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> => {
  const endMs = performance.now() + limitMs;
  // oxlint-disable-next-line no-await-in-loop -- asks again and again
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};
