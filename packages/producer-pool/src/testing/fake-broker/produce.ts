import {
  CORRUPT_MESSAGE,
  INVALID_TIMESTAMP,
  INVALID_TOPIC,
  MESSAGE_TOO_LARGE,
  NOT_ENOUGH_REPLICAS,
  NOT_LEADER,
  UNKNOWN_TOPIC,
} from '../../kafka-errors.ts';
import type { RequestTarget } from './faults.ts';
import { type RecordBatch, readRecordBatch } from './record-batch.ts';
import type { RequestReader, ServingContext } from './served-request.ts';
import { isInternal } from './topology.ts';
import type { WireReader, WireWriter } from './wire.ts';

const INVALID_RECORD = 87;

const ACKS_ALL = -1;
/** How far a timestamp may be ahead (KIP-1030). */
const TIMESTAMP_AHEAD_MS = 3_600_000;

/** What a Produce sends to one partition. */
export interface PartitionData {
  readonly topic: string;
  readonly partition: number;
  /** The error code where the bytes are no batch. */
  readonly batch: RecordBatch | number;
}

export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

const readBatch = (bytes: Buffer | null): RecordBatch | number => {
  try {
    return bytes === null ? INVALID_RECORD : (readRecordBatch(bytes) ?? CORRUPT_MESSAGE);
  } catch {
    // Whatever is wrong with them: they are no batch.
    return INVALID_RECORD;
  }
};

const readTopics = (reader: WireReader): readonly PartitionData[] =>
  reader
    .array(() => {
      const topic = reader.string();
      const partitions = reader.array(() => {
        const partition = reader.int32();
        const batch = readBatch(reader.nullableBytes());
        reader.tags();
        return { topic, partition, batch };
      });
      reader.tags();
      return partitions;
    })
    .flat();

/** Why a good leader refuses a batch; 0 if it does not. */
const refusalOf = (
  batch: RecordBatch,
  limits: { readonly maxMessageBytes: number; readonly nowMs: number },
): number => {
  if (batch.sizeBytes > limits.maxMessageBytes) return MESSAGE_TOO_LARGE;
  return batch.latestTimestampMs > limits.nowMs + TIMESTAMP_AHEAD_MS ? INVALID_TIMESTAMP : 0;
};

const append = (data: PartitionData, acks: number, context: ServingContext): PartitionAnswer => {
  const answer = (errorCode: number, baseOffset = -1n): PartitionAnswer => ({
    topic: data.topic,
    partition: data.partition,
    errorCode,
    baseOffset,
  });
  const topic = context.topology.topics.get(data.topic);
  const partition = topic?.partitions[data.partition];
  if (isInternal(data.topic)) return answer(INVALID_TOPIC);
  if (topic === undefined || partition === undefined) return answer(UNKNOWN_TOPIC);
  if (partition.leader !== context.brokerId) return answer(NOT_LEADER);
  if (acks === ACKS_ALL && partition.isr.length < topic.minInsyncReplicas) return answer(NOT_ENOUGH_REPLICAS);
  if (typeof data.batch === 'number') return answer(data.batch);
  const refusal = refusalOf(data.batch, { maxMessageBytes: topic.maxMessageBytes, nowMs: context.nowMs });
  if (refusal !== 0) return answer(refusal);
  const { errorCode, baseOffset } = partition.log.append(data.batch);
  return answer(errorCode, baseOffset);
};

/** One partition's share of the request, under the fault that concerns it. */
const serve = (data: PartitionData, acks: number, context: ServingContext): PartitionAnswer => {
  const { effect } = context;
  if (effect?.concerns(data) !== true) return append(data, acks, context);
  const scripted = effect.errorCode ?? 0;
  const isAppended = effect.append ?? scripted === 0;
  const answer = isAppended ? append(data, acks, context) : { ...data, errorCode: 0, baseOffset: -1n };
  return scripted === 0 ? answer : { ...answer, errorCode: scripted, baseOffset: -1n };
};

const writeAnswer = (writer: WireWriter, version: number, answer: PartitionAnswer): void => {
  writer.int32(answer.partition).int16(answer.errorCode).int64(answer.baseOffset).int64(-1n);
  if (version >= 5) writer.int64(answer.errorCode === 0 ? 0n : -1n);
  if (version >= 8) writer.emptyArray().string(null);
  writer.tags();
};

const seen = ({ topic, partition, batch }: PartitionData): RequestTarget => {
  if (typeof batch === 'number') return { topic, partition };
  const { count, producerId, baseSequence } = batch;
  return { topic, partition, count, producerId, baseSequence };
};

export const readProduce: RequestReader = (reader, version) => {
  reader.nullableString();
  const acks = reader.int16();
  reader.int32();
  const data = readTopics(reader);
  reader.tags();
  return {
    targets: data.map(seen),
    arrived: (journal) => {
      journal.produceArrived(data);
    },
    run: (context) => {
      const answers = data.map((one) => serve(one, acks, context));
      if (acks === 0) return undefined;
      const { effect } = context;
      const byTopic = Map.groupBy(effect?.answer === 'empty' ? [] : answers, ({ topic }) => topic);
      return (writer) => {
        if (effect?.answer !== 'empty') context.journal.produceAnswered(data);
        writer.array([...byTopic], ([topic, own]) => {
          writer.string(topic);
          writer.array(own, (answer) => {
            writeAnswer(writer, version, answer);
          });
          writer.tags();
        });
        writer.int32(effect?.throttleMs ?? 0).tags();
      };
    },
  };
};
