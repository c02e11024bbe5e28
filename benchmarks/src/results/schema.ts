/** The canonical form of the results of a run. Every other format is derived from it. */
import { Type, type Static } from 'typebox';

/** What kind of noise a case meets; an A/A case of each class that ran measures it (BM-11). */
export const CaseClass = Type.Enum(['memory-sync', 'memory-async', 'postgres', 'kafka', 'process', 'system']);
export type CaseClass = Static<typeof CaseClass>;

export const Unit = Type.Enum(['ns/op', 'ms/op', 'ops/s', 'records/s', 'B/op', 'B', 'count']);
export type Unit = Static<typeof Unit>;

/** Which of two values is the better one. */
export const Direction = Type.Enum(['smaller', 'bigger']);
export type Direction = Static<typeof Direction>;
