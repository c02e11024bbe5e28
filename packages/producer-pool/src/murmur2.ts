/**
 * Kafka's murmur2 in 32-bit integer arithmetic: the same number as `org.apache.kafka.common.utils.Utils.murmur2`.
 * kafkajs computes it with 64-bit Longs, about a hundred times slower.
 */
const SEED = 0x97_47_b2_8c;
const M = 0x5b_d1_e9_95;

/** Signed 32-bit murmur2 of the first `length` bytes. */
export const murmur2 = (bytes: Uint8Array, length: number = bytes.length): number => {
  let hash = SEED ^ length;
  const aligned = length & ~3;
  const byte = (index: number): number => {
    /* v8 ignore next -- the other branch would be an index out of range @preserve */
    return bytes[index] ?? 0;
  };
  for (let i = 0; i < aligned; i += 4) {
    let k = byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length - aligned;
  if (rest >= 3) hash ^= byte(aligned + 2) << 16;
  if (rest >= 2) hash ^= byte(aligned + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(aligned), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
};
