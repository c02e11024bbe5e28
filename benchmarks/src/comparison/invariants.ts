/** What is asked of every breaker, whatever its calls do. */
import type { Peer, Verdict } from './peer.ts';
import type { Admission, Session } from './session.ts';

/** What a second breaker is spared: calls that the first refuses, or results that are stale in the first. */
export type Spares = 'refused' | 'stale';

export interface World {
  readonly peer: Peer;
  readonly session: Session;
  /** A second breaker that is spared what must leave no trace in the first; only for an invariant that compares the two. */
  readonly spared: Session | undefined;
  readonly spares: Spares | undefined;
}

/** What a command did. */
export interface Step {
  /** Whether the state changed. */
  readonly changed: boolean;
  /** The result that was reported, if one was. */
  readonly settled?: { readonly verdict: Verdict; readonly stale: boolean; readonly probe: boolean };
  /** The answer to a call after the script has ended and {@link Peer.quietMs} have passed. */
  readonly afterQuiet?: Admission;
}

export interface Invariant {
  readonly id: string;
  readonly rule: string;
  readonly isBroken: (step: Step, world: World) => boolean;
  readonly spares?: Spares;
}

/** What can be seen of a breaker from outside. */
const visible = ({ state, running }: Session): string => `${state}, ${running.length} running`;

const differs: Invariant['isBroken'] = (_, { session, spared }) =>
  spared !== undefined && visible(session) !== visible(spared);

/** In every world there is one probe at a time. */
const MOST_PROBES = 1;

export const INVARIANTS: readonly Invariant[] = [
  {
    id: 'I1',
    rule: 'a result that began in an earlier state changes no state',
    isBroken: ({ settled, changed }) => settled?.stale === true && changed,
  },
  {
    id: 'I2',
    rule: 'half-open holds no more probes than it is set to',
    isBroken: (_, { session }) => session.probesRunning > MOST_PROBES,
  },
  {
    id: 'I3',
    rule: 'after a long quiet a call is admitted, whatever hangs',
    isBroken: ({ afterQuiet }) => afterQuiet !== undefined && afterQuiet !== 'admitted',
  },
  {
    id: 'CB1',
    rule: 'a result that began in an earlier state leaves no trace',
    isBroken: differs,
    spares: 'stale',
  },
  {
    id: 'CB2',
    rule: 'a refused call leaves no trace',
    isBroken: differs,
    spares: 'refused',
  },
  {
    id: 'CB10',
    rule: 'an ignored probe decides nothing',
    isBroken: ({ settled, changed }) => settled?.verdict === 'ignore' && settled.probe && changed,
  },
];
