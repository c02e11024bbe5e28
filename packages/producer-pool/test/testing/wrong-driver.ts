/** A driver that is well but for what a test makes it do wrong. */
import type {
  ClusterMetadata,
  DriverAck,
  DriverCall,
  DriverCapabilities,
  DriverFault,
  DriverProducer,
  KafkaConnectionOptions,
  ProducerDriver,
} from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { memoryDriver } from '../../src/testing/index.ts';

export type Answer = Promise<DriverAck | undefined>;
export type Send = (call: DriverCall, well: (call: DriverCall) => Answer) => Answer;

/** What a driver does in place of what it should; `well` is what it would have done. */
export interface Wrong {
  readonly capabilities?: Partial<DriverCapabilities>;
  readonly send?: Send;
  readonly open?: (connection: KafkaConnectionOptions) => void;
  readonly kill?: () => Promise<void>;
  readonly close?: (producer: DriverProducer) => Promise<void>;
  readonly verdict?: Partial<DriverFault>;
  /** Opens, whether there is a broker or not. */
  readonly stub?: boolean;
  readonly metadata?: (well: ClusterMetadata) => ClusterMetadata;
}

const STUB = memoryDriver();

const wrongProducer = (wrong: Wrong, producer: DriverProducer): DriverProducer => {
  const well = (call: DriverCall): Answer => producer.send(call);
  return {
    id: producer.id,
    send: (call) => (wrong.send === undefined ? well(call) : wrong.send(call, well)),
    connections: () => producer.connections(),
    kill: wrong.kill ?? ((reason) => producer.kill(reason)),
    close: (o) => (wrong.close === undefined ? producer.close(o) : wrong.close(producer)),
  };
};

/** kafkajs with something wrong; its producers are put into `made`, to be ended in the right way. */
export const wrongDriver =
  (wrong: Wrong, made: DriverProducer[]) =>
  (connection: KafkaConnectionOptions): ProducerDriver => {
    const driver = kafkaJsDriver({ ...connection, patchIdleTimer: true });
    return {
      name: 'wrong',
      capabilities: { ...driver.capabilities, ...wrong.capabilities },
      metadata: async (topics, o) => {
        const well = await driver.metadata(topics, o);
        return wrong.metadata?.(well) ?? well;
      },
      open: async (o) => {
        wrong.open?.(connection);
        const producer = await (wrong.stub === true ? STUB : driver).open(o);
        made.push(producer);
        return wrongProducer(wrong, producer);
      },
      classify: (error) => ({ ...driver.classify(error), ...wrong.verdict }),
      close: () => driver.close(),
    };
  };

/** The same answer, but for a part of it. */
export const retold =
  (o: Partial<DriverAck>): Send =>
  async (call, well) => {
    const ack = await well(call);
    return ack && { ...ack, ...o };
  };
export const acked = ({ topic, partition }: DriverCall): DriverAck => ({
  topic,
  partition,
  errorCode: 0,
  baseOffset: 1n,
});
const is = ({ records }: DriverCall, value: string): boolean => records[0]?.value === value;
/** Does it, and calls it a failure. */
export const disown =
  (value: string): Send =>
  async (call, well) => {
    const ack = await well(call);
    if (is(call, value)) throw new Error('no answer');
    return ack;
  };
/** Does not do it, and calls it a failure. */
export const refuse =
  (value: string): Send =>
  async (call, well) => {
    if (is(call, value)) throw new Error('no answer');
    return well(call);
  };
/** Does not do it, and calls it a success. */
export const pretend =
  (value: string): Send =>
  async (call, well) =>
    is(call, value) ? acked(call) : well(call);
