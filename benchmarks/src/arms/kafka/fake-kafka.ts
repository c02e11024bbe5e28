/** The fake cluster of `@busbar/producer-pool/testing` as a target, in a process of its own on another core. */
import { fork } from 'node:child_process';
import { once as nextEvent } from 'node:events';
import { fileURLToPath } from 'node:url';

import { type FakeKafkaCommand, type FakeKafkaOptions, parseAnswer, parseReady } from './fake-kafka-message.ts';
import { type KafkaTarget, topicNames } from './kafka-target.ts';
import { nextMessage } from './next-message.ts';

const MAIN = fileURLToPath(new URL('fake-kafka-main.ts', import.meta.url));

export interface FakeKafka extends KafkaTarget {
  /** Ends its process; so does the end of this one. */
  close(): Promise<void>;
}

/** Starts a cluster. It is asked one thing at a time: visits follow each other. */
export const startFakeKafka = async (o: FakeKafkaOptions): Promise<FakeKafka> => {
  // Not the flags of this process: a broker is no subject of measurement.
  const child = fork(MAIN, [JSON.stringify(o)], { execArgv: [] });
  const exited = nextEvent(child, 'exit');
  const next = (): Promise<unknown> => nextMessage(child, 'the process of the fake cluster');
  const ask = async (command: FakeKafkaCommand): Promise<number> => {
    const answer = next();
    if (child.connected) child.send(command);
    return parseAnswer(await answer).count;
  };
  const { bootstrap } = parseReady(await next());
  const nextName = topicNames();
  return {
    bootstrap,
    createTopic: async (partitions) => {
      const topic = nextName();
      await ask({ what: 'create', topic, partitions });
      return topic;
    },
    count: (topic) => ask({ what: 'count', topic, partitions: 0 }),
    deleteTopic: async (topic) => {
      await ask({ what: 'delete', topic, partitions: 0 });
    },
    close: async () => {
      child.kill();
      await exited;
    },
  };
};
