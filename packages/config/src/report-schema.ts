import type { SerializedError } from '@busbar/errors';
import { Type, type Static } from 'typebox';

const statusSchema = Type.Enum(['pass', 'warn', 'fail', 'skip']);
const categorySchema = Type.Enum(['config', 'unreachable', 'auth', 'incompatible', 'internal']);

/** An error as `serializeError` of `@busbar/errors` gives it. */
const serializedErrorSchema = Type.Unsafe<SerializedError>(
  Type.Object({ v: Type.Literal(1), name: Type.String(), message: Type.String() }, { additionalProperties: true }),
);

const checkRowSchema = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    status: statusSchema,
    category: Type.Optional(categorySchema),
    message: Type.String(),
    help: Type.Optional(Type.String()),
    /** Absent if the check was not run. */
    latencyMs: Type.Optional(Type.Number({ minimum: 0 })),
    /** The checks whose failure is the reason why this one was skipped. */
    causedBy: Type.Optional(Type.Array(Type.String())),
    data: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
    error: Type.Optional(serializedErrorSchema),
  },
  { additionalProperties: false },
);

/** The report over a run of checks, as it is logged, returned by `start()` and exported as metrics. */
export const checkReportSchema = Type.Object(
  {
    format_version: Type.Literal('1.0'),
    /** No check failed. */
    ok: Type.Boolean(),
    /** The worst status of all checks: fail, then warn, then pass. */
    status: Type.Enum(['pass', 'warn', 'fail']),
    /** Of the configuration that was checked, if the caller named it. */
    profile: Type.Optional(Type.String()),
    fingerprint: Type.Optional(Type.String()),
    /** Epoch milliseconds. */
    startedAt: Type.Integer({ minimum: 0 }),
    durationMs: Type.Number({ minimum: 0 }),
    counts: Type.Object({ pass: Type.Integer(), warn: Type.Integer(), fail: Type.Integer(), skip: Type.Integer() }),
    /** In the order of their declaration. */
    checks: Type.Array(checkRowSchema),
  },
  { additionalProperties: false },
);

export type CheckReport = Static<typeof checkReportSchema>;
export type CheckRow = Static<typeof checkRowSchema>;
export type CheckStatus = Static<typeof statusSchema>;
export type CheckCategory = Static<typeof categorySchema>;
