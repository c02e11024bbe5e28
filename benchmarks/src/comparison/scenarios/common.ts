/** Scenarios that every breaker can play, through its adapter. */
import { NO_BOUND_MS, OPEN_MS } from '../peer.ts';
import type { Running, Session } from '../session.ts';

/** A scenario on a closed breaker without a past. */
export interface CommonScenario {
  readonly id: string;
  readonly title: string;
  /** What a sound breaker shows. */
  readonly right: string;
  /** The peers that are known to show something else. */
  readonly wrong: readonly string[];
  /** Default: 1. A peer that cannot be set to so many does not play. */
  readonly probes?: number;
  readonly observe: (session: Session) => Promise<string>;
}

const REFUSALS = 1_000;
const MOST_FAILURES = 2_000;

/** One call after the other fails until the breaker opens; how many it took. */
const failUntilOpen = async (session: Session): Promise<number> => {
  let failures = 0;
  for (; session.state !== 'open' && failures < MOST_FAILURES; failures += 1)
    await session.settle(await session.beginAdmitted(), 'failure');
  return failures;
};

/** Opens the breaker, waits until it probes, and starts a probe. */
const probeAfterOutage = async (session: Session): Promise<Running> => {
  await failUntilOpen(session);
  await session.advance(OPEN_MS);
  return session.beginAdmitted();
};

const staleResult = (verdict: 'success' | 'failure', ofProbe: 'success' | 'failure') => async (session: Session) => {
  const slow = await session.beginAdmitted();
  const probe = await probeAfterOutage(session);
  await session.settle(slow, verdict);
  const { state } = session;
  await session.settle(probe, ofProbe);
  return `${state}, then ${session.state}`;
};

export const COMMON_SCENARIOS: readonly CommonScenario[] = [
  {
    id: 'stale-failure',
    title: 'While a probe runs a call from before the outage fails; then the probe succeeds',
    right: 'half-open, then closed',
    wrong: ['opossum', 'cockatiel', 'mollitia'],
    observe: staleResult('failure', 'success'),
  },
  {
    id: 'stale-success',
    title: 'While a probe runs a call from before the outage succeeds; then the probe fails',
    right: 'half-open, then open',
    wrong: ['opossum', 'mollitia'],
    observe: staleResult('success', 'failure'),
  },
  {
    id: 'stale-overshoot',
    title: 'Two probes are asked for. Two calls from before the outage succeed, then both probes do',
    right: 'closed',
    wrong: ['mollitia'],
    probes: 2,
    observe: async (session) => {
      const slow = [await session.beginAdmitted(), await session.beginAdmitted()];
      const probes = [await probeAfterOutage(session), await session.beginAdmitted()];
      for (const call of [...slow, ...probes]) await session.settle(call, 'success');
      return session.state;
    },
  },
  {
    id: 'stale-in-closed',
    title: 'Long closed again after an outage: a failure, a success from before the outage, a failure',
    right: 'open',
    wrong: ['cockatiel', 'mollitia'],
    observe: async (session) => {
      const slow = await session.beginAdmitted();
      await session.settle(await probeAfterOutage(session), 'success');
      await session.advance(NO_BOUND_MS);
      await session.settle(await session.beginAdmitted(), 'failure');
      await session.settle(slow, 'success');
      await session.settle(await session.beginAdmitted(), 'failure');
      return session.state;
    },
  },
  {
    id: 'hung-probe',
    title: `A probe hangs; the next call, ${NO_BOUND_MS / OPEN_MS} open times later`,
    right: 'admitted',
    wrong: ['opossum', 'cockatiel', 'mollitia'],
    observe: async (session) => {
      await probeAfterOutage(session);
      await session.advance(NO_BOUND_MS);
      return session.begin();
    },
  },
  {
    id: 'ignored-probe',
    title: 'A probe ends in an error that says nothing about the dependency',
    right: 'half-open',
    wrong: ['opossum', 'cockatiel', 'mollitia'],
    observe: async (session) => {
      await session.settle(await probeAfterOutage(session), 'ignore');
      return session.state;
    },
  },
  {
    id: 'refusals',
    title: `Open, it refuses ${REFUSALS} calls, then recovers; how many failures in a row open it again`,
    right: '2',
    wrong: ['opossum'],
    observe: async (session) => {
      await failUntilOpen(session);
      for (let refused = 0; refused < REFUSALS; refused += 1) await session.begin();
      await session.advance(OPEN_MS);
      await session.settle(await session.beginAdmitted(), 'success');
      return String(await failUntilOpen(session));
    },
  },
];
