/** What a fake cluster in a process of its own and its user say to each other: one command, one answer. */
import { Type, type Static } from 'typebox';

import { validatorOf } from '../../results/validated.ts';

export const FakeKafkaOptions = Type.Object({
  brokers: Type.Integer({ minimum: 1 }),
  /** How long each Produce is held before it is served, and with it what follows on its connection. 0: not at all. */
  roundTripMs: Type.Number({ minimum: 0 }),
});
export type FakeKafkaOptions = Static<typeof FakeKafkaOptions>;

export const FakeKafkaCommand = Type.Object({
  what: Type.Enum(['create', 'count', 'delete']),
  topic: Type.String(),
  partitions: Type.Integer({ minimum: 0 }),
});
export type FakeKafkaCommand = Static<typeof FakeKafkaCommand>;

/** `host:port` of each broker; the first thing that is said. */
export const FakeKafkaReady = Type.Object({ bootstrap: Type.Array(Type.String()) });
export type FakeKafkaReady = Static<typeof FakeKafkaReady>;

/** Records in the log of the topic. */
export const FakeKafkaAnswer = Type.Object({ count: Type.Integer({ minimum: 0 }) });
export type FakeKafkaAnswer = Static<typeof FakeKafkaAnswer>;

/** @throws TypeError if it is none */
export const parseOptions = validatorOf(FakeKafkaOptions, 'options of the fake cluster');

/** @throws TypeError if the message is none */
export const parseCommand = validatorOf(FakeKafkaCommand, 'command to the fake cluster');

/** @throws TypeError if the message is none */
export const parseReady = validatorOf(FakeKafkaReady, 'addresses of the fake cluster');

/** @throws TypeError if the message is none */
export const parseAnswer = validatorOf(FakeKafkaAnswer, 'answer of the fake cluster');
