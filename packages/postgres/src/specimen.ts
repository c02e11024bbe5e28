/**
 * One of each object that a statement is made of, never used.
 *
 * V8 throws compiled code away when the last object of the kind that it was compiled for is collected. Where no statement is under way while the
 * garbage is collected, as in a service with little to do, the next ones would take three times as long until their code is compiled again.
 */
import { Active } from './active-group.ts';
import { Execution, type ExecutionHooks } from './execution.ts';
import { GroupPlan } from './group-plan.ts';
import { control } from './pipeline.ts';
import type { WireConnection } from './pool-port.ts';
import { StatementCache } from './statement-cache.ts';

const NEVER = Number.POSITIVE_INFINITY;
const NO_CACHE = new StatementCache({ cacheSize: 0, ttlMs: 0 }, { hits: 0, misses: 0, evicted: 0, reprepared: 0 });

/** To be held by a connection for as long as it lives. */
export const specimen = (wire: WireConnection, hooks: ExecutionHooks): Active => {
  const execution = new Execution({ build: () => [], deadlineAtMs: NEVER, atLimit: 'destroy' }, hooks);
  const plan = new GroupPlan(NO_CACHE, [control('')], { nowMs: 0, split: false });
  const group = execution.createGroup(wire, plan);
  execution.answer({ results: [], written: false, status: null });
  return new Active(execution, { group, plan, watch: undefined });
};
