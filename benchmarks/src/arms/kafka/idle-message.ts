/** What the process of an idle producer is told, and what it tells. */
import { Type, type Static } from 'typebox';

import { validatorOf } from '../../results/validated.ts';

export const IdleJob = Type.Object({
  client: Type.Enum(['kafkajs', 'pool', 'patched pool']),
  bootstrap: Type.Array(Type.String()),
  topic: Type.String(),
  partitions: Type.Integer({ minimum: 1 }),
});
export type IdleJob = Static<typeof IdleJob>;

export const IdleReport = Type.Object({ cpuMs: Type.Number({ minimum: 0 }) });
export type IdleReport = Static<typeof IdleReport>;

/** @throws TypeError if it is none */
export const parseIdleJob = validatorOf(IdleJob, 'job of an idle producer');

/** @throws TypeError if the message is none */
export const parseIdleReport = validatorOf(IdleReport, 'report of an idle producer');
