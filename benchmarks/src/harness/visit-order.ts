/**
 * The arms of a round in the order of their visits: there and back, so that a drift within the round meets all arms alike,
 * and begun one arm further each round, so that none is always the first (BM-7).
 *
 * Three arms, round 1: 1 2 0 0 2 1.
 */
export const visitOrder = (armCount: number, round: number): number[] => {
  const there = Array.from({ length: armCount }, (_, index) => (index + round) % armCount);
  return [...there, ...there.toReversed()];
};
