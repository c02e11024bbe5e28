import type { Connection } from './connection.ts';
import type { RetireReason } from './lease-model.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';

/** What becomes of a connection that was given back, and whether its user left a transaction open. */
export interface AfterUse {
  /** A reason: it is ended for it. */
  readonly fate: 'keep' | 'reset' | RetireReason;
  readonly isDirty: boolean;
}

type Given = Pick<Connection, 'busy' | 'retireReason' | 'sessionChanged' | 'status'>;

/** Judged by what is known here, without a round trip: a busy or dirty connection is never handed on as it is (H1, H6). */
export const afterUse = (
  { busy, retireReason, sessionChanged, status }: Given,
  { pool, mode }: Pick<ResolvedPostgresOptions, 'pool' | 'mode'>,
): AfterUse => {
  if (busy) return { fate: 'busy', isDirty: false };
  const changed = sessionChanged && pool.reset === 'discard';
  // Whose session it is cannot be told how to set it up again.
  const unfit = changed && mode === 'adapted' ? 'dirty' : retireReason;
  if (unfit !== undefined) return { fate: unfit, isDirty: false };
  const isDirty = status !== 'I';
  return { fate: isDirty || changed ? 'reset' : 'keep', isDirty };
};
