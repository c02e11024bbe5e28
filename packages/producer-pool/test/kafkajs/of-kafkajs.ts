import { createRequire } from 'node:module';

/** kafkajs's own function of one argument at this path below its `src`; it has no types. */
export const ofKafkaJs = (path: string): ((argument: unknown) => unknown) => {
  const found: unknown = createRequire(import.meta.url)(`kafkajs/src/${path}`);
  if (typeof found !== 'function') throw new TypeError(`kafkajs has moved ${path}`);
  return (argument: unknown): unknown => Reflect.apply(found, undefined, [argument]);
};
