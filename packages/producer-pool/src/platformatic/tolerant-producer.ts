/**
 * A producer for which a partition without a leader is that partition's misfortune, and not the end of its topic: the client itself fails
 * every send to the topic, because it fails every metadata answer that speaks of such a partition. What the answer says of the others is
 * kept here, until the client or its user wants to know anew.
 *
 * This file is imported at first use, and the client with it.
 */
import { type ClusterMetadata, kMetadata, type MetadataOptions } from '@platformatic/kafka';

import { LaneProducer } from './lane-producer.ts';
import { metadataIn } from './metadata-answer.ts';

export { Admin } from '@platformatic/kafka';

type Callback = (error: Error | null, metadata?: ClusterMetadata) => void;

export class TolerantProducer extends LaneProducer {
  /** By topic; what is here is in no cache of the client. */
  readonly #incomplete = new Map<string, ClusterMetadata>();

  override [kMetadata](options: MetadataOptions, callback: Callback): void {
    const topic = options.topics?.[0];
    if (topic === undefined) {
      super[kMetadata](options, callback);
      return;
    }
    const known = options.forceUpdate === true ? undefined : this.#incomplete.get(topic);
    if (known !== undefined) {
      callback(null, known);
      return;
    }
    super[kMetadata](options, (error, metadata) => {
      const usable = error === null ? undefined : metadataIn(error, topic);
      if (usable === undefined) {
        this.#incomplete.delete(topic);
        callback(error, metadata);
      } else {
        this.#incomplete.set(topic, usable);
        callback(null, usable);
      }
    });
  }

  override clearMetadata(): void {
    this.#incomplete.clear();
    super.clearMetadata();
  }
}
