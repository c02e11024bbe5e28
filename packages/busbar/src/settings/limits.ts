/** An inclusive range as the packages export it. */
export type Limit = { readonly min: number; readonly max: number } | readonly [min: number, max: number];

/** Longest time that a setting may state: a day, unless the package allows less. */
const MAX_DURATION_MS = 86_400_000;
const MAX_SIZE_BYTES = 1_073_741_824;
const MAX_COUNT = 1_000_000;

const within = (limit: Limit, ceiling: number) => {
  const [min, max] = 'min' in limit ? [limit.min, limit.max] : limit;
  return { min, max: Math.min(max, ceiling) };
};

/** A numeric setting in the bounds of the package that owns it, with the package's own default and one sentence of what it is for. */
export const count = (limit: Limit, fallback: number, doc: string) => ({
  ...within(limit, MAX_COUNT),
  default: fallback,
  doc,
});
export const duration = (limit: Limit, fallback: number, doc: string) => ({
  ...within(limit, MAX_DURATION_MS),
  default: fallback,
  doc,
});
export const size = (limit: Limit, fallback: number, doc: string) => ({
  ...within(limit, MAX_SIZE_BYTES),
  default: fallback,
  doc,
});
