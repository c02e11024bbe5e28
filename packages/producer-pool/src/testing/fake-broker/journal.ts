/**
 * What clients did: their requests, and where they broke the rules of a careful producer. Two are checked, for one publishing process:
 *
 * - while a batch of a partition is unanswered, no other one is sent there (the same one again may be);
 * - a sequence number is never used for two different batches.
 *
 * What a fault of the test itself throws is told among the violations, so that it cannot pass unnoticed.
 */
import type { SeenRequest } from './faults.ts';
import type { PartitionData } from './produce.ts';

const KEPT_REQUESTS = 10_000;

export class Journal {
  readonly #requests: SeenRequest[] = [];
  readonly #violations: string[] = [];
  /** Content of the batches without an answer, by partition. */
  readonly #unanswered = new Map<string, Set<string>>();
  /** Content by partition, producer and sequence. */
  readonly #sequences = new Map<string, string>();

  get requests(): readonly SeenRequest[] {
    return this.#requests.slice(-KEPT_REQUESTS);
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  saw(request: SeenRequest): void {
    this.#requests.push(request);
    // Many at a time: to take the first out of an array moves all others.
    if (this.#requests.length >= 2 * KEPT_REQUESTS) this.#requests.splice(0, KEPT_REQUESTS);
  }

  produceArrived(data: readonly PartitionData[]): void {
    for (const { topic, partition, batch } of data) {
      if (typeof batch === 'number') continue;
      const lane = `${topic}-${partition}`;
      const content = batch.contentId;
      const open = this.#unanswered.get(lane) ?? new Set();
      this.#unanswered.set(lane, open);
      if (open.size > 0 && !open.has(content))
        this.#violations.push(`${lane}: a batch was sent while another had no answer`);
      open.add(content);
      if (batch.producerId < 0n) continue;
      const sequence = `${lane}/${batch.producerId}/${batch.producerEpoch}/${batch.baseSequence}`;
      const known = this.#sequences.get(sequence);
      if (known !== undefined && known !== content)
        this.#violations.push(`${lane}: sequence ${batch.baseSequence} of producer ${batch.producerId} used twice`);
      this.#sequences.set(sequence, content);
    }
  }

  /** A fault of a test threw. */
  failed(error: unknown): void {
    this.#violations.push(`a fault failed: ${String(error)}`);
  }

  /** Call it when the answer is written. */
  produceAnswered(data: readonly PartitionData[]): void {
    for (const { topic, partition, batch } of data) {
      if (typeof batch !== 'number') this.#unanswered.get(`${topic}-${partition}`)?.delete(batch.contentId);
    }
  }
}
