import { prepareBound, type Call, type Given } from './call.ts';
import type { Result } from './queries.ts';
import type { BoundStatement } from './statement.ts';
import { DeadlineError } from './usage-errors.ts';

/** What became of one statement of a batch whose statements are each on their own. */
export type SettledResult =
  | { readonly status: 'fulfilled'; readonly value: Result }
  | { readonly status: 'rejected'; readonly reason: unknown };

/** How one place runs statements: the pool, a lease, a transaction. */
interface Runner {
  prepare(given: Given): Call;
  run(call: Call): Promise<Result>;
}

/** The call under the deadline of the first one: the budget is one for all. @throws {@link DeadlineError} when it is used up */
const underDeadlineOf = (first: Call, call: Call): Call => {
  const { deadlineMs, deadlineAtMs } = first;
  if (call.startedAtMs >= deadlineAtMs)
    throw new DeadlineError({ deadlineMs }, { label: call.label, outcome: 'not-sent' });
  return { ...call, deadlineAtMs: Math.min(call.deadlineAtMs, deadlineAtMs) };
};

/** Runs the statements one after the other, each checked when its turn comes; what one of them throws is its own. */
export const settleEach = async (statements: readonly BoundStatement[], runner: Runner): Promise<SettledResult[]> => {
  const settled: SettledResult[] = [];
  let first: Call | undefined;
  for (const statement of statements)
    try {
      const call = prepareBound(statement, (given) => runner.prepare(given));
      first ??= call;
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what is promised
      settled.push({ status: 'fulfilled', value: await runner.run(underDeadlineOf(first, call)) });
    } catch (reason) {
      settled.push({ status: 'rejected', reason });
    }
  return settled;
};
