/** A Produce request for one partition, in the versions that @platformatic/kafka 2.12 has; version 9 made it flexible (KIP-482). */
import { Writer } from '@platformatic/kafka';

const VERSIONS = { first: 3, flexible: 9, last: 11 } as const;

export interface ProduceRequest {
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

/** Whether {@link writeRequest} knows a version. */
export const isKnownVersion = (version: number): boolean => version >= VERSIONS.first && version <= VERSIONS.last;

export const writeRequest = (version: number, { acks, timeoutMs, topic, partition, batch }: ProduceRequest): Writer => {
  const isFlexible = version >= VERSIONS.flexible;
  const partitionData = (writer: Writer): void => {
    writer.appendInt32(partition).appendBytes(batch, isFlexible);
  };
  const topicData = (writer: Writer): void => {
    writer.appendString(topic, isFlexible).appendArray([partition], partitionData, isFlexible, isFlexible);
  };
  const writer = Writer.create()
    .appendString(null, isFlexible)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray([topic], topicData, isFlexible, isFlexible);
  return isFlexible ? writer.appendTaggedFields() : writer;
};
