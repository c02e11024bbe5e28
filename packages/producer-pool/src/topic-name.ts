const NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/**
 * What is wrong with a topic name, or undefined.
 * @see Apache Kafka, `org.apache.kafka.common.internals.Topic.validate`
 */
export const topicNameProblem = (topic: string): string | undefined => {
  if (topic === '.' || topic === '..') return 'topic must not be "." or ".."';
  return NAME.test(topic) ? undefined : 'topic must be 1 to 249 characters of a-z A-Z 0-9 . _ -';
};
