import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/**
 * Asks again every `intervalMs` until the answer is not `undefined`, and resolves with it; resolves with `undefined` after `timeoutMs`.
 * The first question is asked at once. What `ask` throws ends the waiting.
 */
export const poll = async <T>(
  ask: () => T | undefined | Promise<T | undefined>,
  o: PollOptions,
): Promise<T | undefined> => {
  const endAt = performance.now() + o.timeoutMs;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each question follows the answer to the last
    const answer = await ask();
    if (answer !== undefined || performance.now() >= endAt) return answer;
    // oxlint-disable-next-line no-await-in-loop -- the pause between two questions
    await sleep(o.intervalMs);
  }
};
