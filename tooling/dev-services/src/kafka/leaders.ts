/** Moves the leader of a partition on purpose: the wanted replica becomes the preferred one, and the controller elects that. */
import { refused } from './admin.ts';
import { clusterState } from './metadata-probe.ts';
import { ask, WireWriter } from './wire.ts';

export interface LeaderMove {
  readonly topic: string;
  readonly partition: number;
  /** One of its replicas. */
  readonly node: number;
}

const ELECT_LEADERS = 43;
const ALTER_PARTITION_REASSIGNMENTS = 45;
const PREFERRED = 0;
const ELECTION_NOT_NEEDED = 84;
const WITHIN_MS = 10_000;

/** Puts the node first in the list of replicas; moves no data, since they stay the same. */
const prefer = async (broker: string, { topic, partition, node }: LeaderMove): Promise<void> => {
  const { topics } = await clusterState(broker, [topic]);
  const state = topics.flatMap(({ partitions }) => partitions).find((found) => found.partition === partition);
  if (state?.replicas.includes(node) !== true)
    throw new RangeError(
      `node ${node} is none of the replicas of ${topic}-${partition}: ${state?.replicas.join(', ')}`,
    );
  const replicas = [node, ...state.replicas.filter((id) => id !== node)];
  const body = new WireWriter().int32(WITHIN_MS);
  body.compactArray([topic], (name) => {
    body.compactString(name);
    body
      .compactArray([partition], (index) => {
        body.int32(index);
        body.compactArray(replicas, (id) => body.int32(id)).tags();
      })
      .tags();
  });
  body.tags();
  const request = { apiKey: ALTER_PARTITION_REASSIGNMENTS, apiVersion: 0, body, flexible: true } as const;
  const answer = await ask(broker, request, WITHIN_MS);
  answer.int32(); // throttle time
  const whole = { code: answer.int16(), message: answer.compactString() };
  const [own = []] = answer.compactArray(() => {
    answer.compactString(); // topic
    const partitions = answer.compactArray(() => {
      answer.int32(); // partition
      const result = { code: answer.int16(), message: answer.compactString() };
      answer.tags();
      return result;
    });
    answer.tags();
    return partitions;
  });
  const failed = [whole, ...own].find(({ code }) => code !== 0);
  if (failed !== undefined)
    throw refused(`the replicas of ${topic}-${partition} were not put in order`, failed.code, failed.message);
};

/** @throws {RangeError} when the node is none of the replicas; {DevServiceError} when it is not in sync. */
export const moveLeader = async (broker: string, move: LeaderMove): Promise<void> => {
  const { topic, partition, node } = move;
  await prefer(broker, move);
  const body = new WireWriter().int8(PREFERRED);
  body.array([topic], (name) => body.string(name).array([partition], (index) => body.int32(index)));
  body.int32(WITHIN_MS);
  const answer = await ask(broker, { apiKey: ELECT_LEADERS, apiVersion: 1, body }, WITHIN_MS);
  answer.int32(); // throttle time
  answer.int16(); // of the whole
  const [[result] = []] = answer.array(() => {
    answer.string(); // topic
    return answer.array(() => {
      answer.int32(); // partition
      return { code: answer.int16(), message: answer.string() };
    });
  });
  if (result === undefined || result.code === 0 || result.code === ELECTION_NOT_NEEDED) return;
  throw refused(`node ${node} does not lead ${topic}-${partition}`, result.code, result.message);
};
