import { parseTraceparent } from '@busbar/envelope';
import { describe, expect, it } from 'vitest';

import { validTrace } from '../src/trace-context.ts';
import { TRACEPARENT } from './orders.ts';

const [, TRACE_ID = '', PARENT_ID = ''] = TRACEPARENT.split('-');

describe('parseTraceparent', () => {
  it('takes the parts of a valid one', () => {
    const parts = { version: '00', traceId: TRACE_ID, parentId: PARENT_ID };
    expect(parseTraceparent(TRACEPARENT)).toEqual({ ...parts, flags: '01', sampled: true });
    expect(parseTraceparent(`00-${TRACE_ID}-${PARENT_ID}-00`)).toEqual({ ...parts, flags: '00', sampled: false });
    expect(parseTraceparent(`00-${TRACE_ID}-${PARENT_ID}-ff`)).toMatchObject({ sampled: true });
  });

  it('accepts later versions, with or without further fields', () => {
    expect(parseTraceparent(`cc-${TRACE_ID}-${PARENT_ID}-01`)).toMatchObject({ version: 'cc' });
    expect(parseTraceparent(`cc-${TRACE_ID}-${PARENT_ID}-01-what-comes`)).toMatchObject({ version: 'cc' });
  });

  it.each([
    '',
    `ff-${TRACE_ID}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${PARENT_ID}-01-x`,
    `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    TRACEPARENT.toUpperCase(),
    ` ${TRACEPARENT}`,
    `${TRACEPARENT}\n`,
    `cc-${TRACE_ID}-${PARENT_ID}-01.x`,
    `00-${TRACE_ID}-${PARENT_ID}-1`,
  ])('refuses %j', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('validTrace', () => {
  it('C4 keeps a tracestate only with a valid traceparent, and only if it may be passed on', () => {
    const keep = (tracestate: string) => validTrace({ traceparent: TRACEPARENT, tracestate }).tracestate;
    expect(keep('rojo=1,congo=t61')).toBe('rojo=1,congo=t61');
    expect(keep('')).toBeUndefined();
    expect(keep('a=é')).toBeUndefined();
    expect(keep('a=1\n')).toBeUndefined();
    expect(keep('x'.repeat(4_096))).toHaveLength(4_096);
    expect(keep('x'.repeat(4_097))).toBeUndefined();
    expect(keep(Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(','))).not.toBeUndefined();
    expect(keep(Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(','))).toBeUndefined();
    expect(validTrace({ tracestate: 'a=1' })).toEqual({});
    expect(validTrace({ traceparent: 'x', tracestate: 'a=1' })).toEqual({});
    expect(validTrace(undefined)).toEqual({});
  });
});
