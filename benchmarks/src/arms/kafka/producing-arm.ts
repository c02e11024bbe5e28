/** Arms that produce records of 1 KiB with keys, and are right if all that was acknowledged is in the log. */
import type { Arm } from '../../harness/define-case.ts';
import { mustBe } from '../looped-arm.ts';
import type { KafkaTarget } from './kafka-target.ts';

/** What the tables of the page were measured with. */
export const PARTITIONS = 6;
export const PUBLISHERS = 1_000;
const VALUE_BYTES = 1_024;
const KEY_COUNT = 1_000;

/** One for all records: its content is not compressed, and nobody changes it. */
export const VALUE = Buffer.alloc(VALUE_BYTES, 'busbar ');
const KEYS = Array.from({ length: KEY_COUNT }, (_, index) => `order-${String(index).padStart(6, '0')}`);

/** Keys come round, so that every partition gets as much. */
export const keyAt = (index: number): string => KEYS[index % KEY_COUNT] ?? '';

export interface Sender {
  /** Resolves when so many records are acknowledged. */
  run(records: number): Promise<void>;
  close(): Promise<void>;
}

export interface SenderPlace {
  readonly bootstrap: readonly string[];
  readonly topic: string;
}

export interface ProducingArm extends Pick<Arm, 'name' | 'role' | 'package' | 'options' | 'caveat'> {
  readonly target: () => Promise<KafkaTarget>;
  /** Default: 6. */
  readonly partitions?: number;
  readonly open: (place: SenderPlace) => Promise<Sender>;
}

/** A topic and a client of its own for each visit. An operation is a record. */
export const producingArm = ({ target, partitions = PARTITIONS, open, ...arm }: ProducingArm): Arm => ({
  ...arm,
  setup: async () => {
    const cluster = await target();
    const topic = await cluster.createTopic(partitions);
    const sender = await open({ bootstrap: cluster.bootstrap, topic });
    let acknowledged = 0;
    return {
      run: async (records) => {
        await sender.run(records);
        acknowledged += records;
      },
      verify: async () => {
        mustBe('records in the log', await cluster.count(topic), acknowledged);
      },
      close: async () => {
        await sender.close();
        await cluster.deleteTopic(topic);
      },
    };
  },
});
