import { resolveBackoff } from '@busbar/retry';

import type { LanePolicy } from './lane-state.ts';
import type { Topic } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';

/** Room for framing under the topic's `max.message.bytes`. */
const SHARE_OF_MESSAGE_BYTES = 0.9;

/** What lanes go by: the options, but for a topic that takes smaller batches than they allow. */
export class LanePolicies {
  readonly #policy: LanePolicy;
  /** By `maxBatchBytes`, where a topic has less than the options. */
  readonly #smaller = new Map<number, LanePolicy>();

  constructor(options: ResolvedProducerPoolOptions) {
    const {
      name: pool,
      retry,
      maxBatchRecords,
      maxBatchBytes,
      lingerMs,
      unknownTopicRetries,
      onTimeout,
      random,
    } = options;
    const backoff = resolveBackoff({ baseMs: retry.baseMs, maxMs: retry.maxMs });
    this.#policy = { pool, maxBatchRecords, maxBatchBytes, lingerMs, backoff, unknownTopicRetries, onTimeout, random };
  }

  of({ maxMessageBytes }: Topic): LanePolicy {
    const maxBatchBytes = Math.floor(maxMessageBytes * SHARE_OF_MESSAGE_BYTES);
    if (maxBatchBytes >= this.#policy.maxBatchBytes) return this.#policy;
    const known = this.#smaller.get(maxBatchBytes);
    if (known !== undefined) return known;
    const policy = { ...this.#policy, maxBatchBytes };
    this.#smaller.set(maxBatchBytes, policy);
    return policy;
  }
}
