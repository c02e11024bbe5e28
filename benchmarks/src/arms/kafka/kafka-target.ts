/** A cluster that arms produce to: topics of their own, and a count of what is in them. */
export interface KafkaTarget {
  /** `host:port` of the brokers. */
  readonly bootstrap: readonly string[];
  /** A new empty topic. */
  createTopic(partitions: number): Promise<string>;
  /** Records in the log of a topic. */
  count(topic: string): Promise<number>;
  deleteTopic(topic: string): Promise<void>;
}

/** A name that no other topic of this run has: rounds follow each other on one cluster. */
export const topicNames = (): (() => string) => {
  let last = 0;
  return () => `bench-${process.pid}-${(last += 1)}`;
};
