import { EventAttributes } from '@busbar/envelope';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';

import { attributeFault, stringFault } from '../src/attributes.ts';
import { eventOf, order, orderCodec, TRACEPARENT } from './orders.ts';

describe('attribute texts', () => {
  it('W1 may hold every Unicode character but controls, lone surrogates and noncharacters', () => {
    for (const right of ['', 'a b', '~', '\u00A0é', 'ж', '日本語', '😀', '\uE000', '\uFFFD', '\u{10FFFD}'])
      expect(stringFault(right)).toBeUndefined();
    for (const control of ['\u0000', 'a\n', '\u001F', '\u007F', '\u0080', '\u009F'])
      expect(stringFault(control)).toMatch('control');
    for (const lone of ['\uD83D', '\uDE00', 'a\uDE00\uD83D', '\uD83D\uD83D\uDE00'])
      expect(stringFault(lone)).toMatch('surrogates');
    for (const none of ['\uFFFE', '\uFFFF', '\uFDD0', '\uFDEF', '\u{1FFFE}', '\u{10FFFF}'])
      expect(stringFault(none)).toMatch('noncharacters');
  });

  it('are texts', () => {
    expect(attributeFault(5, 10)).toBe('must be a string');
    expect(attributeFault('', 10)).toBe('must not be empty');
  });
});

describe('the attribute model', () => {
  it('R-STD-2 describes the attributes of a decoded event', () => {
    const event = eventOf(
      orderCodec().decode(
        orderCodec().encode('order.created', order, { trace: { traceparent: TRACEPARENT }, correlationid: 'c' }),
      ),
    );
    const check = Compile(EventAttributes);
    expect(check.Errors(JSON.parse(JSON.stringify(event)))).toEqual([]);
    expect(check.Check({ id: 'i', source: 's' })).toBe(false);
  });
});
