import { expect, test } from 'vitest';

import { type Case, defineCase, type Target } from '../../src/harness/define-case.ts';

const arm = (name: string): Case['arms'][number] => ({
  name,
  role: 'ours',
  setup: () => Promise.resolve({ run: () => undefined, close: () => Promise.resolve() }),
});

const withTarget = (target: Partial<Target>, names = ['ours', 'bare']): Case => ({
  id: 'B-X-1',
  title: 'x',
  requirements: [],
  class: 'memory-sync',
  unit: 'ns/op',
  direction: 'smaller',
  arms: names.map(arm),
  targets: [{ ours: 'ours', reference: 'bare', metric: 'time', bound: 1, kind: 'ratio', ...target }],
});

test.each([
  ['an unknown reference', { reference: 'bar' }, 'a target on "bar", which is no arm of it'],
  ['an unknown unit', { kind: 'difference', per: 'clock' }, 'a target on "clock", which is no arm of it'],
  ['an unknown arm to count over', { over: 'nothing' }, 'a target on "nothing", which is no arm of it'],
  ['a unit of a ratio', { per: 'bare' }, 'a ratio target with "per"'],
  ['a difference over an arm', { kind: 'difference', over: 'bare' }, 'a target of kind difference with "over"'],
  ['an absolute target with a reference', { kind: 'absolute' }, 'an absolute target with the reference "bare"'],
] as const)('R-PR-1 BM-2 a case with %s is refused', (_, target, flaw) => {
  expect(() => defineCase(withTarget(target))).toThrow(`B-X-1 has ${flaw}`);
});

test('R-PR-1 BM-2 a case with two arms of one name is refused', () => {
  expect(() => defineCase(withTarget({}, ['ours', 'bare', 'bare']))).toThrow('B-X-1 has two arms named "bare"');
});

test('R-PR-1 BM-2 a case whose targets fit its arms is answered as it is', () => {
  const definition = withTarget({ kind: 'absolute', reference: 'ours', per: 'bare' });
  expect(defineCase(definition)).toBe(definition);
});
