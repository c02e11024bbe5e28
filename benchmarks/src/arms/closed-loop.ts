/** Does `count` things with so many under way at a time; each of them starts when one has ended. */
export const closedLoop = async (
  count: number,
  concurrency: number,
  send: (index: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0;
  const publisher = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await send(next);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, publisher));
};
