/** Random scripts against a breaker, until one breaks an invariant; then the shortest that does. */
import fc from 'fast-check';

import type { Invariant, Spares, Step, World } from './invariants.ts';
import type { Peer, Verdict } from './peer.ts';
import { type Admission, Session } from './session.ts';
import { inVirtualTime } from './virtual-time.ts';

export interface SearchOptions {
  readonly seed: number;
  readonly runs: number;
}

export const DEFAULT_SEARCH: SearchOptions = { seed: 1, runs: 300 };

/** `trace` is absent if the invariant held in all runs. */
export interface Finding {
  /** Runs made; the last of them broke the invariant if there is a trace. */
  readonly runs: number;
  /** The shortest script that breaks the invariant, in the words of {@link Session.trace}. */
  readonly trace?: readonly string[];
}

type Command = fc.AsyncCommand<World, World>;

class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
  readonly trace: readonly string[];
  constructor({ id }: Invariant, trace: readonly string[]) {
    super(`${id} is broken`);
    this.trace = trace;
  }
}

/** Shorter and longer than the open time. An example is shrunk to what stands first. */
const PAUSES_MS: readonly [number, ...number[]] = [110, 50, 10, 1_000];
const VERDICTS: readonly [Verdict, ...Verdict[]] = ['failure', 'success', 'ignore'];
const MOST_COMMANDS = 40;
/** More calls than that at a time are of no interest. */
const MOST_RUNNING = 6;

const begin = async ({ session, spared, spares }: World): Promise<Step & { readonly admission: Admission }> => {
  const { epoch } = session;
  const admission = await session.begin();
  const changed = session.epoch !== epoch;
  const isSpared = spares === 'refused' && admission === 'refused' && !changed;
  if (!isSpared) await spared?.begin();
  return { changed, admission };
};

const settle = async (world: World, index: number, verdict: Verdict): Promise<Step> => {
  const { session, spared, spares } = world;
  const { epoch, running, state } = session;
  const position = index % running.length;
  const [call, same] = [running[position], spared?.running[position]];
  if (call === undefined) return { changed: false };
  const stale = session.isStale(call);
  await session.settle(call, verdict);
  if (same !== undefined && spares === 'stale' && stale) spared?.forget(same);
  else if (same !== undefined) await spared?.settle(same, verdict);
  return { changed: session.epoch !== epoch, settled: { verdict, stale, probe: !stale && state === 'half-open' } };
};

const advance = async ({ session }: World, ms: number): Promise<Step> => {
  const { epoch } = session;
  await session.advance(ms);
  return { changed: session.epoch !== epoch };
};

/** How every script ends. */
const beginAfterQuiet = async (world: World): Promise<Step> => {
  await advance(world, world.peer.quietMs);
  const { changed, admission } = await begin(world);
  return { changed, afterQuiet: admission };
};

const WITHOUT: Readonly<Record<Spares, string>> = {
  refused: 'without the refused calls',
  stale: 'without the stale results',
};

const judge = (invariant: Invariant, world: World, step: Step): void => {
  if (!invariant.isBroken(step, world)) return;
  const { session, spared, spares } = world;
  const contrast =
    spared === undefined || spares === undefined ? [] : [`now ${session.state}, ${WITHOUT[spares]} ${spared.state}`];
  throw new InvariantBroken(invariant, [...session.trace, ...contrast]);
};

/** One of the values; unlike those of `constantFrom`, they are shrunk one by one towards the first. */
const oneOf = <T>(values: readonly [T, ...T[]]): fc.Arbitrary<T> =>
  fc.nat(values.length - 1).map((index) => values[index] ?? values[0]);

const commandsFor = (invariant: Invariant): fc.Arbitrary<Command>[] => {
  const command = (run: (world: World) => Promise<Step>, check: (world: World) => boolean = () => true): Command => ({
    check,
    run: async (world) => {
      judge(invariant, world, await run(world));
    },
    toString: () => invariant.id,
  });
  const settlements = fc.record({ index: fc.nat(MOST_RUNNING - 1), verdict: oneOf(VERDICTS) });
  return [
    fc.constant(command(begin)),
    settlements.map(({ index, verdict }) =>
      command(
        (world) => settle(world, index, verdict),
        ({ session }) => session.running.length > 0,
      ),
    ),
    oneOf(PAUSES_MS).map((ms) => command((world) => advance(world, ms))),
  ];
};

/** Looks for a script that breaks an invariant. The same seed gives the same answer, on every machine. */
export const search = async (peer: Peer, invariant: Invariant, { seed, runs }: SearchOptions): Promise<Finding> => {
  // Without `max` fast-check draws short scripts, and these faults are not found in thousands of runs.
  const scripts = fc.commands(commandsFor(invariant), { maxCommands: MOST_COMMANDS, size: 'max' });
  const property = fc.asyncProperty(scripts, (script) =>
    inVirtualTime(async (time) => {
      const { spares } = invariant;
      const spared = spares === undefined ? undefined : new Session(peer, time);
      const world = { peer, session: new Session(peer, time), spared, spares };
      try {
        await fc.asyncModelRun(() => ({ model: world, real: world }), script);
        judge(invariant, world, await beginAfterQuiet(world));
      } finally {
        await world.session.close();
        await spared?.close();
      }
    }),
  );
  const { failed, numRuns, errorInstance } = await fc.check(property, { seed, numRuns: runs });
  if (!failed) return { runs };
  if (errorInstance instanceof InvariantBroken) return { runs: numRuns, trace: errorInstance.trace };
  throw errorInstance;
};
