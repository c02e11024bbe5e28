import { createDegrader, type Degrader, type DegradeOptions, type RunContext } from '../../src/degrade/index.ts';
import { type BreakerOptions } from '../../src/index.ts';
import { rig, type Rig } from '../breaker-on-manual-time.ts';

/** What a run is told to do: answer, or throw. */
export type Script = (payload: string, context: RunContext) => string | Promise<string>;

export interface DegradeRig extends Rig {
  readonly degrader: Degrader<string, string>;
  /** Payloads in the order in which they began to run. */
  readonly started: string[];
  /** Replaces what runs do. */
  readonly behave: (script: Script) => void;
}

/** The dependency rejects the payload itself. */
export class BadPayload extends Error {}
/** Says nothing about the dependency. */
export class Unrelated extends Error {}

export const degradeRig = (
  options: Omit<DegradeOptions<string, string>, 'run'>,
  breakerOptions: Partial<BreakerOptions> = {},
): DegradeRig => {
  const run = rig({
    classify: {
      error: (error) => {
        if (error instanceof BadPayload) return 'success';
        return error instanceof Unrelated ? 'ignore' : 'failure';
      },
    },
    ...breakerOptions,
  });
  const started: string[] = [];
  let script: Script = (payload) => `done ${payload}`;
  const degrader = createDegrader<string, string>(run.breaker, {
    run: (payload, context) => {
      started.push(payload);
      return script(payload, context);
    },
    timers: run.clock.timers,
    random: () => 0.5,
    ...options,
  });
  return {
    ...run,
    degrader,
    started,
    behave: (next) => {
      script = next;
    },
  };
};
