import { runInNewContext } from 'node:vm';

import { AbortedError, InternalError, TimeoutError, toBusbarError } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

describe('toBusbarError', () => {
  it('gives family members back unchanged', () => {
    const error = new TimeoutError({ what: 'x', limitMs: 1 });
    expect(toBusbarError(error)).toBe(error);
  });

  it('R-STD-4 wraps everything else with the original as the cause', () => {
    const originals: readonly unknown[] = [
      'text',
      undefined,
      null,
      5,
      {},
      new Error('x'),
      runInNewContext('new RangeError("x")'),
    ];
    for (const original of originals) {
      const wrapped = toBusbarError(original);
      expect(wrapped).toBeInstanceOf(InternalError);
      expect(wrapped.cause).toBe(original);
    }
    expect(
      originals.map((original) => toBusbarError(original).message.replace('internal error: unexpected error', '')),
    ).toEqual([': string', '', ': null', ': number', ': Object', '', ': RangeError']);
  });

  it('makes an AbortedError of an abort, with the reason of the signal as the cause', () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const abort = new DOMException('This operation was aborted', 'AbortError');
    expect(toBusbarError(abort)).toBeInstanceOf(AbortedError);
    expect(toBusbarError(abort).cause).toBe(abort);
    expect(toBusbarError(abort, new AbortController().signal).cause).toBe(abort);
    expect(toBusbarError(abort, signal).cause).toBe(reason);
    expect(toBusbarError(reason, signal)).toBeInstanceOf(AbortedError);
  });

  it('does not hide another error behind an aborted signal', () => {
    const error = new Error('something else');
    expect(toBusbarError(error, AbortSignal.abort('enough'))).toMatchObject({ code: 'BUSBAR_INTERNAL', cause: error });
  });
});
