/** What the parent and the process of a round say to each other. */
import { Type, type Static } from 'typebox';

import { validatorOf } from '../results/validated.ts';

/** `wall`, `thread`, `process`: ns an operation. `measured`: in the unit of the case. `bytes`: allocated an operation. */
export const Series = Type.Enum(['wall', 'thread', 'process', 'measured', 'bytes']);
export type Series = Static<typeof Series>;

export const RoundJob = Type.Object({
  kind: Type.Enum(['round', 'bytes']),
  /** URL of the file of the case, and its place among the cases of the file. */
  file: Type.String(),
  index: Type.Integer({ minimum: 0 }),
  seed: Type.Integer(),
  /** Indices of the arms, in the order of the visits. */
  order: Type.Array(Type.Integer({ minimum: 0 })),
  visitMs: Type.Number(),
  warmupMs: Type.Number(),
});
export type RoundJob = Static<typeof RoundJob>;

export const Reading = Type.Object({ arm: Type.Integer({ minimum: 0 }), series: Series, value: Type.Number() });
export type Reading = Static<typeof Reading>;

/** Readings, or why there are none. */
export const RoundReport = Type.Object({ readings: Type.Array(Reading), voided: Type.Optional(Type.String()) });
export type RoundReport = Static<typeof RoundReport>;

/** @throws TypeError if the message is not a job */
export const parseJob = validatorOf(RoundJob, 'job of a round');

/** @throws TypeError if the message is not a report */
export const parseReport = validatorOf(RoundReport, 'report of a round');
