/**
 * A reader of topics that is not ours: Apache's console consumer. Keys, values and header values are printed by its `BytesDeserializer`,
 * which writes everything but printable ASCII as `\xNN`, backslashes included; so the separators below cannot occur in them.
 */
import { DevServiceError } from '../errors.ts';
import { countRecords } from './admin.ts';
import { findKafka } from './class-path.ts';
import { runKafkaTool } from './jvm.ts';

export interface ConsoleRecord {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order; names may repeat. */
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

export interface ReadTopicOptions {
  /** How many to read from the start of the topic; default: all that are in it now. */
  readonly maxRecords?: number;
  /** Gives up waiting for the next record after this time and returns what it has. Default: 10_000 ms. */
  readonly idleTimeoutMs?: number;
}

const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer';
const FIELD = '\t';
const HEADER = '\u0001';
/** Goes through the deserializer like a value: a text that no test writes. */
const NULL = '(no value: 8c1f2f6e)';
const READ_WITHIN_MS = 120_000;

/** The bytes behind `BytesDeserializer`'s text. */
export const unescapeBytes = (text: string): Buffer =>
  Buffer.from(
    text.replaceAll(/\\x([0-9A-F]{2})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16))),
    'latin1',
  );

const bytesOf = (text: string): Buffer | null => (text === NULL ? null : unescapeBytes(text));

const headersOf = (text: string): ConsoleRecord['headers'] =>
  text === '' || text === 'NO_HEADERS'
    ? []
    : text.split(HEADER).map((header) => {
        const colon = header.indexOf(':');
        return { name: header.slice(0, colon), value: bytesOf(header.slice(colon + 1)) };
      });

/** One line of the console consumer. */
export const parseRecord = (line: string): ConsoleRecord => {
  const [time = '', partition = '', offset = '', headers = '', key = '', value = ''] = line.split(FIELD);
  return {
    partition: Number(partition.split(':').at(-1)),
    offset: Number(offset.split(':').at(-1)),
    timestampMs: Number(time.split(':').at(-1)),
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headersOf(headers),
  };
};

const FORMAT: readonly string[] = [
  'print.timestamp=true',
  'print.partition=true',
  'print.offset=true',
  'print.headers=true',
  'print.key=true',
  `key.separator=${FIELD}`,
  `headers.separator=${HEADER}`,
  `null.literal=${NULL}`,
  `key.deserializer=${BYTES}`,
  `value.deserializer=${BYTES}`,
  `headers.deserializer=${BYTES}`,
].flatMap((property) => ['--formatter-property', property]);

/** The records of a topic, by partition and offset. @throws {DevServiceError} when the consumer fails, with its words. */
export const readTopic = async (
  brokers: readonly string[],
  topic: string,
  o: ReadTopicOptions,
): Promise<readonly ConsoleRecord[]> => {
  const maxRecords = o.maxRecords ?? (await countRecords(brokers[0] ?? '', topic));
  if (maxRecords === 0) return [];
  const limits = ['--max-messages', String(maxRecords), '--timeout-ms', String(o.idleTimeoutMs ?? 10_000)];
  const { status, stdout, stderr } = await runKafkaTool(
    await findKafka(),
    [CONSUMER, '--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning', ...limits, ...FORMAT],
    READ_WITHIN_MS,
  );
  const records = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRecord);
  if (status !== 0 && records.length === 0 && !stderr.includes('TimeoutException'))
    throw new DevServiceError('EXITED_EARLY', {
      service: 'Kafka console consumer',
      reason: `status ${status}`,
      logTail: stderr,
    });
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
};
