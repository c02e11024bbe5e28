/** What is counted, in the order of `guard.weights`. */
export const SCORED = [
  'join',
  'subselect',
  'union',
  'leadingWildcard',
  'regex',
  'expensiveFunction',
  'unlimitedOrder',
  'unfilteredWrite',
] as const;
export type Scored = (typeof SCORED)[number];

/** How often each thing stands in a text. */
export class ScoreCounts {
  readonly of: Record<Scored, number> = {
    join: 0,
    subselect: 0,
    union: 0,
    leadingWildcard: 0,
    regex: 0,
    expensiveFunction: 0,
    unlimitedOrder: 0,
    unfilteredWrite: 0,
  };
  total = 0;

  add(what: Scored): void {
    this.of[what] += 1;
    this.total += 1;
  }
}
