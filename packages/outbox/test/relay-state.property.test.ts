import { describe, expect, test } from 'vitest';

import type { Design } from './model/model-relay.ts';
import { CALM, simulate, STORM, type Weather } from './model/simulation.ts';

/** Seeds of the ordinary run per kind of weather; more by `OUTBOX_MODEL_SEEDS=20000`, from another place by `OUTBOX_MODEL_FIRST=1`. */
const SEEDS = Number(process.env['OUTBOX_MODEL_SEEDS'] ?? 250);
const FIRST = Number(process.env['OUTBOX_MODEL_FIRST'] ?? 1);
const LIMIT_MS = 20_000 + SEEDS * 100;

const runs = (seeds: number, weather: Weather, design: Design & { readonly ackBySeq?: boolean } = {}) =>
  Array.from({ length: seeds }, (_, index) => ({ seed: FIRST + index, ...simulate(FIRST + index, weather, design) }));

/** Seeds with their problems; empty when every run was right. */
const failures = (weather: Weather, design: Design = {}, seeds = SEEDS): readonly string[] =>
  runs(seeds, weather, design).flatMap(({ seed, problems }) => problems.map((problem) => `seed ${seed}: ${problem}`));

describe('the relay in the model', () => {
  test('without a fault nothing is lost, nothing is out of order, nothing is sent twice', { timeout: LIMIT_MS }, () => {
    expect(failures(CALM)).toEqual([]);
    expect(failures({ ...CALM, relays: 3 })).toEqual([]);
  });

  test('poison is parked alone, and nothing is sent twice for it', { timeout: LIMIT_MS }, () => {
    const outcomes = runs(SEEDS, { ...CALM, poison: true });
    expect(outcomes.flatMap(({ problems }) => problems)).toEqual([]);
    expect(outcomes.some(({ parked }) => parked > 0)).toBe(true);
  });

  test(
    'lost answers of the database cost nothing: a statement is repeated, an event is not',
    { timeout: LIMIT_MS },
    () => {
      expect(failures({ ...CALM, lostAnswers: true, poison: true })).toEqual([]);
    },
  );

  test('crashes and pauses cost at most a window of duplicates each', { timeout: LIMIT_MS }, () => {
    expect(failures({ ...CALM, relays: 2, crashes: true, pauses: true })).toEqual([]);
  });

  test('L3 a relay that loses only the broker leaves its shards to one that has not', { timeout: LIMIT_MS }, () => {
    expect(failures({ ...CALM, relays: 2, cutOff: true, poison: true }, {}, Math.ceil(SEEDS / 4))).toEqual([]);
  });

  test(
    'R-CB-3 crashes, pauses, lost answers, outages, dead lanes and poison together lose nothing and invert nothing',
    { timeout: LIMIT_MS },
    () => {
      const outcomes = runs(SEEDS, STORM);
      expect(outcomes.flatMap(({ seed, problems }) => problems.map((problem) => `seed ${seed}: ${problem}`))).toEqual(
        [],
      );
      expect(outcomes.some(({ duplicates }) => duplicates > 0)).toBe(true);
    },
  );

  test('a failover that takes the sequence back loses nothing that is still committed', { timeout: LIMIT_MS }, () => {
    expect(failures({ ...CALM, relays: 2, failovers: true })).toEqual([]);
  });

  test('a lease that nobody respects costs duplicates, not order', { timeout: LIMIT_MS }, () => {
    expect(failures({ ...STORM, crashes: false }, { ignoreLeases: true }, Math.ceil(SEEDS / 4))).toEqual([]);
  });
});

describe('wrong designs fail in the same model', () => {
  /** Whether one of the first seeds breaks the rule; stops at the first that does. */
  const broken = (weather: Weather, design: Design & { readonly ackBySeq?: boolean }, rule: string): boolean =>
    Array.from({ length: 100 }, (_, index) => index + 1).some((seed) =>
      simulate(seed, weather, design).problems.some((problem) => problem.startsWith(rule)),
    );

  test('batches that pass over the rows of another relay invert a key', { timeout: LIMIT_MS }, () => {
    expect(broken({ ...CALM, relays: 3, lanes: true }, { ignoreLeases: true, skipLocked: true }, 'I3')).toBe(true);
  });

  test('a claim that leaves out waiting rows lets their successors overtake them', { timeout: LIMIT_MS }, () => {
    expect(broken({ ...CALM, poison: true }, { filterWaiting: true }, 'I3')).toBe(true);
  });

  test('a row that is deleted before its acknowledgement is lost', { timeout: LIMIT_MS }, () => {
    expect(broken(STORM, { deleteBeforeAck: true }, 'I1')).toBe(true);
  });

  test('a relay that forgets what it has in hand sends it again', { timeout: LIMIT_MS }, () => {
    expect(broken(CALM, { forgetful: true }, 'I4')).toBe(true);
  });

  test(
    'an ACK by seq alone deletes an event that was never sent, after the sequence went back',
    { timeout: LIMIT_MS },
    () => {
      expect(broken({ ...CALM, relays: 2, failovers: true }, { ackBySeq: true }, 'I5')).toBe(true);
    },
  );
});
