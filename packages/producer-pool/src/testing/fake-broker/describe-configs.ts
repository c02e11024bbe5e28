import { UNKNOWN_TOPIC } from '../../kafka-errors.ts';
import { TOPIC_RESOURCE } from '../../topic-config.ts';
import type { RequestReader } from './served-request.ts';
import type { FakeTopic } from './topology.ts';
import type { WireWriter } from './wire.ts';

const INVALID_REQUEST = 42;
/** Where a setting comes from: of the topic itself. */
const TOPIC_SOURCE = 1;
/** Of a setting's type. */
const UNKNOWN_TYPE = 0;

const configsOf = ({ maxMessageBytes, minInsyncReplicas }: FakeTopic): readonly (readonly [string, string])[] => [
  ['max.message.bytes', `${maxMessageBytes}`],
  ['min.insync.replicas', `${minInsyncReplicas}`],
  ['message.timestamp.type', 'CreateTime'],
];

const writeConfig = (writer: WireWriter, version: number, [name, value]: readonly [string, string]): void => {
  writer.string(name).string(value).boolean(false);
  if (version === 0) writer.boolean(false);
  else writer.int8(TOPIC_SOURCE);
  writer.boolean(false);
  if (version >= 1) writer.emptyArray();
  if (version >= 3) writer.int8(UNKNOWN_TYPE).string(null);
  writer.tags();
};

/** What is configured of topics; of brokers nothing is known. */
export const readDescribeConfigs: RequestReader = (reader, version) => {
  const resources = reader.array(() => {
    const [type, name] = [reader.int8(), reader.string()];
    const keys = reader.nullableArray(() => reader.string());
    reader.tags();
    return { type, name, keys };
  });
  if (version >= 1) reader.boolean();
  if (version >= 3) reader.boolean();
  reader.tags();
  return {
    targets: resources.map(({ name }) => ({ topic: name })),
    run: ({ topology, effect }) => {
      const results = resources.map(({ type, name, keys }) => {
        const topic = topology.topics.get(name);
        const scripted = effect?.concerns({ topic: name }) === true ? effect.errorCode : undefined;
        const missing = type === TOPIC_RESOURCE ? UNKNOWN_TOPIC : INVALID_REQUEST;
        if (scripted !== undefined || topic === undefined || type !== TOPIC_RESOURCE)
          return { type, name, errorCode: scripted ?? missing, configs: [] };
        return { type, name, errorCode: 0, configs: configsOf(topic).filter(([key]) => keys?.includes(key) ?? true) };
      });
      return (writer) => {
        writer.int32(effect?.throttleMs ?? 0);
        writer.array(results, ({ type, name, errorCode, configs }) => {
          writer.int16(errorCode).string(null).int8(type).string(name);
          writer.array(configs, (config) => {
            writeConfig(writer, version, config);
          });
          writer.tags();
        });
        writer.tags();
      };
    },
  };
};
