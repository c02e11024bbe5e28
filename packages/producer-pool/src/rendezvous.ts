/**
 * Highest random weight: every lane ranks the producers by a hash of both and takes the first. When a producer comes or goes only the
 * lanes move that it wins or had: one n-th of them (PO-2).
 *
 * @see Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998); the mixer is fmix32 of MurmurHash3.
 */
const FNV_OFFSET = 0x81_1c_9d_c5;
const FNV_PRIME = 0x01_00_01_93;

const mix = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85_eb_ca_6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2_b2_ae_35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** A number for a name, the same in every process: unsigned, 32 bits. */
export const hashOfName = (name: string): number => {
  let hash = FNV_OFFSET;
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), FNV_PRIME);
  return mix(hash);
};

/** The candidate that this lane ranks first; undefined without candidates. Their order does not matter. */
export const firstOf = <T extends { readonly id: string; readonly hash: number }>(
  laneHash: number,
  candidates: Iterable<T>,
): T | undefined => {
  let first: T | undefined;
  let highest = -1;
  for (const candidate of candidates) {
    const weight = mix(laneHash ^ Math.imul(candidate.hash, FNV_PRIME));
    // Equal weights are decided by the id, so that every order of the candidates gives the same answer.
    if (weight < highest || (weight === highest && first !== undefined && candidate.id > first.id)) continue;
    highest = weight;
    first = candidate;
  }
  return first;
};
