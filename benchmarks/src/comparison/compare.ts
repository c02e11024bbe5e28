/** All breakers, all invariants, all scenarios. */
import { INVARIANTS, type Invariant } from './invariants.ts';
import { type Finding, search, type SearchOptions } from './model.ts';
import type { Peer } from './peer.ts';
import { busbar } from './peers/busbar.ts';
import { cockatiel } from './peers/cockatiel.ts';
import { mollitia } from './peers/mollitia.ts';
import { opossum } from './peers/opossum.ts';
import { COCKATIEL_SCENARIOS } from './scenarios/cockatiel.ts';
import { COMMON_SCENARIOS, type CommonScenario } from './scenarios/common.ts';
import { MOLLITIA_SCENARIOS } from './scenarios/mollitia.ts';
import { OPOSSUM_SCENARIOS } from './scenarios/opossum.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { Session } from './session.ts';
import { inVirtualTime } from './virtual-time.ts';

/** In the order of the columns; ours is the last. */
const PEERS: readonly Peer[] = [opossum, cockatiel, mollitia, busbar];

const OWN_SCENARIOS: readonly (readonly [Peer, readonly Scenario[]])[] = [
  [opossum, OPOSSUM_SCENARIOS],
  [cockatiel, COCKATIEL_SCENARIOS],
  [mollitia, MOLLITIA_SCENARIOS],
];

export interface Searched {
  readonly peer: Peer;
  readonly invariant: Invariant;
  readonly finding: Finding;
}

export interface PlayedByAll {
  readonly scenario: CommonScenario;
  /** What each of the peers showed, in their order; absent if it cannot play. */
  readonly seen: readonly (string | undefined)[];
}

export interface PlayedByOne {
  readonly peer: Peer;
  readonly scenario: Scenario;
  readonly seen: string;
  readonly ours: string;
}

export interface Comparison {
  readonly peers: readonly Peer[];
  readonly options: SearchOptions;
  readonly searched: readonly Searched[];
  readonly playedByAll: readonly PlayedByAll[];
  readonly playedByOne: readonly PlayedByOne[];
}

const playedBy = async (peer: Peer, { probes = 1, observe }: CommonScenario): Promise<string | undefined> => {
  if (probes > peer.mostProbes) return undefined;
  return inVirtualTime(async (time) => {
    const session = new Session(peer, time, probes);
    try {
      return await observe(session);
    } finally {
      await session.close();
    }
  });
};

// One after the other throughout: there is one virtual time in a process.

const searchAll = async (options: SearchOptions): Promise<Searched[]> => {
  const searched: Searched[] = [];
  for (const invariant of INVARIANTS)
    for (const peer of PEERS) searched.push({ peer, invariant, finding: await search(peer, invariant, options) });
  return searched;
};

const playCommon = async (): Promise<PlayedByAll[]> => {
  const played: PlayedByAll[] = [];
  for (const scenario of COMMON_SCENARIOS) {
    const seen: (string | undefined)[] = [];
    for (const peer of PEERS) seen.push(await playedBy(peer, scenario));
    played.push({ scenario, seen });
  }
  return played;
};

const playOwn = async (): Promise<PlayedByOne[]> => {
  const played: PlayedByOne[] = [];
  for (const [peer, scenarios] of OWN_SCENARIOS)
    for (const scenario of scenarios)
      played.push({ peer, scenario, seen: await scenario.peer(), ours: await scenario.ours() });
  return played;
};

/** The same options give the same comparison, on every machine. */
export const compareBreakers = async (options: SearchOptions): Promise<Comparison> => ({
  peers: PEERS,
  options,
  searched: await searchAll(options),
  playedByAll: await playCommon(),
  playedByOne: await playOwn(),
});
