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
export class ScoreCounts implements Record<Scored, number> {
  join = 0;
  subselect = 0;
  union = 0;
  leadingWildcard = 0;
  regex = 0;
  expensiveFunction = 0;
  unlimitedOrder = 0;
  unfilteredWrite = 0;

  /** Of all of them together. */
  get total(): number {
    const often = this.join + this.subselect + this.union + this.leadingWildcard;
    return often + this.regex + this.expensiveFunction + this.unlimitedOrder + this.unfilteredWrite;
  }
}
