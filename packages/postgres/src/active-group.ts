import type { Execution, ExecutionOutcome } from './execution.ts';
import type { GroupPlan } from './group-plan.ts';
import type { SyncGroup } from './pipeline.ts';
import { bytesSince, type WireBytes } from './pool-port.ts';
import type { SplitWatch } from './split.ts';

/** What is on its way through a connection. */
export interface Active {
  readonly execution: Execution;
  readonly group: SyncGroup;
  readonly plan: GroupPlan;
  readonly bytesBefore: WireBytes;
  readonly watch: SplitWatch | undefined;
}

/** The server is ready, and has not answered all that it was sent. */
export const missingAnswer = ({ group, plan }: Active): Error | undefined =>
  group.error === undefined && group.results.length < plan.statements.length
    ? new Error('the server answered fewer statements than it was sent')
    : undefined;

/** What a group came to; its connection's cache learns from it. */
export const answerOf = (
  { group, plan, watch, bytesBefore }: Active,
  o: Pick<ExecutionOutcome, 'error' | 'lost' | 'status'> & { readonly bytes: WireBytes },
): ExecutionOutcome => {
  const split = watch?.end();
  return {
    results: group.results,
    written: true,
    ...o,
    outdated: plan.settle(group),
    bytes: bytesSince(bytesBefore, o.bytes),
    ...(split === undefined || o.error !== undefined ? {} : { split }),
  };
};
