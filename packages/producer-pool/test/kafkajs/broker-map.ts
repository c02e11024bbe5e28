import type { FakeCluster } from '../../src/testing/index.ts';
import { on, type RawClient } from './raw-client.ts';

const NOT_LEADER = 6;

/**
 * The broker map of kafkajs mixed up: while a metadata refresh is under way, the connection of the seed broker breaks, another broker
 * becomes the seed, and the refresh files that one under the id of the first as well. From then on broker 2 is believed to be broker 1.
 */
export const mixUpBrokers = async (cluster: FakeCluster, raw: RawClient, meanwhile?: () => Promise<void>) => {
  await raw.send(on(0, 'warm 0'), on(1, 'warm 1'));
  const refresh = cluster.inject({ api: 'Metadata', broker: 2, effect: { hold: 'after' } });
  const moved = cluster.inject({
    api: 'Produce',
    partition: 1,
    times: Number.POSITIVE_INFINITY,
    effect: { errorCode: NOT_LEADER },
  });
  const first = raw.send(on(1, 'a'));
  await refresh.met;
  moved.remove();
  await meanwhile?.();
  cluster.inject({ api: 'Produce', partition: 0, effect: { append: false, answer: 'drop' } });
  const broken = raw.said('Failed to send messages: Closed connection');
  const other = raw.send(on(0, 'b'));
  other.catch(() => undefined);
  await broken;
  const retried = raw.said('Request Produce', cluster.bootstrap[1]);
  refresh.release();
  await retried;
  return { first };
};
