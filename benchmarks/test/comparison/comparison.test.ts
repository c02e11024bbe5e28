import { readFile } from 'node:fs/promises';

import { beforeAll, describe, expect, it } from 'vitest';

import { compareBreakers, type Comparison } from '../../src/comparison/compare.ts';
import { INVARIANTS } from '../../src/comparison/invariants.ts';
import { DEFAULT_SEARCH, search } from '../../src/comparison/model.ts';
import { busbar } from '../../src/comparison/peers/busbar.ts';
import { renderComparison } from '../../src/comparison/report.ts';
import { formatTrace } from '../../src/comparison/session.ts';
import { describePackages } from '../../src/harness/environment.ts';
import { naive } from './naive-breaker.ts';

const PACKAGE = new URL('../../', import.meta.url);
/** Longer than that is no example that anybody follows. */
const MOST_STEPS = 14;

const KNOWN_FAULTS = [
  'opossum I1',
  'cockatiel I1',
  'mollitia I1',
  'opossum I3',
  'cockatiel I3',
  'mollitia I3',
  'opossum CB1',
  'cockatiel CB1',
  'mollitia CB1',
  'opossum CB2',
  'opossum CB10',
  'cockatiel CB10',
  'mollitia CB10',
];

describe('comparison of circuit breakers', () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await compareBreakers(DEFAULT_SEARCH);
  });

  it('R-CB-1 R-CB-7 our breaker holds every rule in all scripts, and shows what is right in every scenario', () => {
    const ours = comparison.searched.filter(({ peer }) => peer === busbar);
    expect(ours.map(({ invariant, finding }) => [invariant.id, finding])).toEqual(
      INVARIANTS.map(({ id }) => [id, { runs: DEFAULT_SEARCH.runs }]),
    );
    expect(comparison.playedByAll.map(({ scenario, seen }) => [scenario.id, seen.at(-1)])).toEqual(
      comparison.playedByAll.map(({ scenario: { id, right } }) => [id, right]),
    );
    expect(comparison.playedByOne.map(({ scenario, ours: seen }) => [scenario.id, seen])).toEqual(
      comparison.playedByOne.map(({ scenario: { id, right } }) => [id, right]),
    );
  });

  it('R-CB-7 random scripts find exactly the known faults of the peers, and short examples of them', () => {
    const broken = comparison.searched.filter(({ finding }) => finding.trace !== undefined);
    expect(broken.map(({ peer, invariant }) => `${peer.name} ${invariant.id}`)).toEqual(KNOWN_FAULTS);
    for (const { finding } of broken) expect(finding.trace?.length).toBeLessThanOrEqual(MOST_STEPS);
    // The example that the rule about stale results was made from.
    const stale = broken.find(({ peer, invariant }) => peer.name === 'cockatiel' && invariant.id === 'I1');
    expect(stale?.finding.trace?.at(-1)).toMatch(/^fail #\d+ \(stale\) → open$/);
  });

  it('every scenario is still got wrong by the peers of which that is said', () => {
    for (const { scenario, seen } of comparison.playedByAll) {
      const wrong = comparison.peers.filter(
        (_, column) => seen[column] !== undefined && seen[column] !== scenario.right,
      );
      expect([scenario.id, wrong.map(({ name }) => name)]).toEqual([scenario.id, scenario.wrong]);
    }
    for (const { scenario, seen } of comparison.playedByOne)
      expect([scenario.id, seen]).not.toEqual([scenario.id, scenario.right]);
  });

  it('comparison.md is what `pnpm compare --write` writes', async () => {
    const page = renderComparison(comparison, await describePackages(PACKAGE));
    expect(await readFile(new URL('comparison.md', PACKAGE), 'utf8')).toBe(page);
  });

  it.each(INVARIANTS.filter(({ id }) => id !== 'I3' && id !== 'CB2'))(
    'a naive breaker breaks $id',
    async (invariant) => {
      const { trace } = await search(naive, invariant, DEFAULT_SEARCH);
      expect(trace).toBeDefined();
    },
  );

  it('writes once what a script does several times in a row', () => {
    expect(formatTrace(['begin', 'begin', 'fail #1', 'begin'])).toBe('begin ×2, fail #1, begin');
    expect(formatTrace([])).toBe('');
  });
});
