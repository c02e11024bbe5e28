import type { Execution, ExecutionOutcome } from './execution.ts';
import type { GroupPlan } from './group-plan.ts';
import type { SyncGroup } from './pipeline.ts';
import type { SplitWatch } from './split.ts';

/** What is on its way through a connection. */
export class Active {
  readonly execution: Execution;
  readonly group: SyncGroup;
  readonly plan: GroupPlan;
  readonly watch: SplitWatch | undefined;

  constructor(execution: Execution, o: Pick<Active, 'group' | 'plan' | 'watch'>) {
    this.execution = execution;
    this.group = o.group;
    this.plan = o.plan;
    this.watch = o.watch;
  }
}

/** The server is ready, and has not answered all that it was sent. */
export const missingAnswer = ({ group, plan }: Active): Error | undefined =>
  group.error === undefined && group.results.length < plan.statements.length
    ? new Error('the server answered fewer statements than it was sent')
    : undefined;

/** What a group came to; its connection's cache learns from it. */
export const answerOf = (
  { group, plan, watch }: Active,
  { error, lost, status, bytes }: Pick<ExecutionOutcome, 'error' | 'lost' | 'status' | 'bytes'>,
): ExecutionOutcome => {
  const split = watch?.end();
  return {
    results: group.results,
    error,
    written: true,
    lost,
    stopped: undefined,
    outdated: plan.settle(group),
    bytes,
    split: error === undefined ? split : undefined,
    status,
  };
};
