/**
 * The number at `index` of an array in which it is known to be: the type system cannot know it, and a check would be one on the
 * path of every call.
 */
export const countAt = (counts: ArrayLike<number>, index: number): number => {
  /* v8 ignore next -- the other branch would be an index out of range @preserve */
  return counts[index] ?? 0;
};
