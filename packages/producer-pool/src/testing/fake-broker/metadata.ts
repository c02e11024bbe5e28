import { LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC } from '../../kafka-errors.ts';
import type { RequestReader, ServingContext } from './served-request.ts';
import { type FakePartition, isInternal } from './topology.ts';
import type { WireReader, WireWriter } from './wire.ts';

/** Stands for "not asked for" in the authorized operations. */
const NO_OPERATIONS = -2_147_483_648;

interface MetadataRequest {
  /** null: all topics. */
  readonly names: readonly string[] | null;
  readonly mayCreate: boolean;
}

const readRequest = (reader: WireReader, version: number): MetadataRequest => {
  const names = reader.nullableArray(() => {
    if (version >= 10) reader.bytes(16);
    // A topic asked for by its id has no name here: not served.
    const name = reader.string();
    reader.tags();
    return name;
  });
  const mayCreate = reader.boolean();
  if (version >= 8 && version <= 10) reader.boolean();
  if (version >= 8) reader.boolean();
  reader.tags();
  return { names, mayCreate };
};

const writeBrokers = (writer: WireWriter, { topology, brokerId }: ServingContext): void => {
  writer.array([...topology.addresses.values()], ({ id, host, port }) => {
    writer.int32(id).string(host).int32(port).string(null).tags();
  });
  // Who answers says that it is the controller: so there is one as long as anybody is there.
  writer.string('fake').int32(brokerId);
};

const writePartition = (writer: WireWriter, version: number, at: { index: number; partition: FakePartition }): void => {
  const { toldLeader, leaderEpoch, replicas, isr } = at.partition;
  const id = (broker: number): void => {
    writer.int32(broker);
  };
  writer.int16(toldLeader === undefined ? LEADER_NOT_AVAILABLE : 0);
  writer.int32(at.index).int32(toldLeader ?? -1);
  if (version >= 7) writer.int32(leaderEpoch);
  writer.array(replicas, id).array(isr, id).emptyArray().tags();
};

interface TopicAnswer {
  readonly name: string;
  readonly errorCode: number;
  /** 16 bytes. */
  readonly id: Buffer;
  readonly partitions: readonly FakePartition[];
}

const writeTopic = (writer: WireWriter, version: number, { name, id, errorCode, partitions }: TopicAnswer): void => {
  writer.int16(errorCode).string(name);
  if (version >= 10) writer.bytes(id);
  writer.boolean(isInternal(name));
  writer.array([...partitions.entries()], ([index, partition]) => {
    writePartition(writer, version, { index, partition });
  });
  if (version >= 8) writer.int32(NO_OPERATIONS);
  writer.tags();
};

const answerFor = (name: string, { mayCreate }: MetadataRequest, { topology, effect }: ServingContext): TopicAnswer => {
  if (mayCreate && topology.autoCreateTopics && !topology.topics.has(name)) topology.createTopic(name, {});
  const topic = topology.topics.get(name);
  const scripted = effect?.concerns({ topic: name }) === true ? effect.errorCode : undefined;
  const errorCode = scripted ?? (topic === undefined ? UNKNOWN_TOPIC : 0);
  return topic === undefined || errorCode !== 0
    ? { name, errorCode, id: Buffer.alloc(16), partitions: [] }
    : { name, errorCode, id: topic.id, partitions: topic.partitions };
};

/** Brokers that are up, topics, and the leaders that the cluster tells; the one that answers calls itself the controller. */
export const readMetadata: RequestReader = (reader, version) => {
  const request = readRequest(reader, version);
  return {
    targets: (request.names ?? []).map((topic) => ({ topic })),
    run: (context) => {
      const { topology, effect } = context;
      const names = request.names ?? [...topology.topics.keys()];
      const answers = names.map((name) => answerFor(name, request, context));
      return (writer) => {
        writer.int32(effect?.throttleMs ?? 0);
        writeBrokers(writer, context);
        writer.array(answers, (answer) => {
          writeTopic(writer, version, answer);
        });
        if (version >= 8 && version <= 10) writer.int32(NO_OPERATIONS);
        writer.tags();
      };
    },
  };
};
