/** Asks about topics one by one: clients fail the whole answer for one topic that is not found. An answer that is undefined is left out. */
export const eachTopic = async <T>(
  topics: readonly string[],
  ask: (topic: string) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> => {
  const told = new Map<string, T>();
  const tell = async (topic: string): Promise<void> => {
    const answer = await ask(topic);
    if (answer !== undefined) told.set(topic, answer);
  };
  await Promise.all(topics.map(tell));
  return told;
};
