import type { Classify, Verdict } from '../classify.ts';

/** A classifier that may have no opinion. */
export interface ClassifyPart {
  error?(error: unknown, durationMs: number, signal: AbortSignal | undefined): Verdict | undefined;
  result?(result: unknown, durationMs: number): Verdict | undefined;
}

/**
 * One classifier of several: the first that has an opinion decides. If none has, an error is a failure and a result a success. A
 * preset has an opinion on every error, so it stands last.
 */
export const composeClassify = (...parts: readonly ClassifyPart[]): Required<Classify> => ({
  error: (error, durationMs, signal) => {
    for (const part of parts) {
      const verdict = part.error?.(error, durationMs, signal);
      if (verdict !== undefined) return verdict;
    }
    return 'failure';
  },
  result: (result, durationMs) => {
    for (const part of parts) {
      const verdict = part.result?.(result, durationMs);
      if (verdict !== undefined) return verdict;
    }
    return 'success';
  },
});
