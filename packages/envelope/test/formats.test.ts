import { Format } from 'typebox/format';
import { describe, expect, it } from 'vitest';

import { isDate, isDateTime, isTime, isUuid } from '../src/formats.ts';

const UUID = '0190D5A1-7b7c-7b7c-8b7c-0190d5a17b7f';

describe('char-code formats', () => {
  it('uuid is 36 characters of hexadecimal digits and dashes', () => {
    for (const right of [UUID, '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
      expect(isUuid(right)).toBe(true);
    }
    const wrong = [
      '',
      UUID.slice(1),
      `${UUID}0`,
      UUID.replaceAll('-', '0'),
      UUID.replace('D', 'G'),
      `urn:uuid:${UUID}`,
      UUID.replace('0', '-'),
    ];
    for (const text of wrong) expect(isUuid(text)).toBe(false);
  });

  it('date is a day of the calendar', () => {
    for (const right of ['2026-11-24', '2024-02-29', '2000-02-29', '0000-01-01', '9999-12-31'])
      expect(isDate(right)).toBe(true);
    const wrong = [
      '2026-11-31',
      '2025-02-29',
      '1900-02-29',
      '2026-13-01',
      '2026-00-01',
      '2026-01-00',
      '2026-1-01',
      '26-01-01',
      '2026/01/01',
      '2026-01/01',
      '2026-01-011',
      'xxxx-01-01',
      '20x6-01-01',
      '2026-xx-01',
      '2026-01-xx',
    ];
    for (const text of wrong) expect(isDate(text)).toBe(false);
  });

  it('time has an offset, and a leap second at 23:59:60 UTC only', () => {
    for (const right of [
      '00:00:00Z',
      '23:59:59.123456789z',
      '12:00:00+14:00',
      '23:59:60Z',
      '00:29:60+00:30',
      '15:59:60-08:00',
    ]) {
      expect(isTime(right)).toBe(true);
    }
    const wrong = [
      '',
      '12:00:00',
      '12:00Z',
      '24:00:00Z',
      '12:60:00Z',
      '12:00:61Z',
      '12:00:60Z',
      '12:00:00.Z',
      '12:00:00+24:00',
      '12:00:00+01:60',
      '12:00:00+0100',
      '12:00:00ZZ',
      '12:00:00+01:000',
      '12-00:00Z',
      '12:00-00Z',
      '1x:00:00Z',
      '12:0x:00Z',
      '12:00:x0Z',
      '12:00:00*01:00',
      '12:00:00+xx:00',
      '12:00:00+00:xx',
      '12:00:00+00-00',
    ];
    for (const text of wrong) expect(isTime(text)).toBe(false);
  });

  it('date-time is both, joined by T', () => {
    for (const right of ['2026-11-24T12:00:00Z', '2026-11-24t12:00:00.5+01:00']) expect(isDateTime(right)).toBe(true);
    for (const text of [
      '2026-11-24 12:00:00Z',
      '2026-11-24T12:00:00',
      '2026-11-31T12:00:00Z',
      'T',
      '2026-11-24T12:00:00Z[UTC]',
    ]) {
      expect(isDateTime(text)).toBe(false);
    }
  });

  it('agree with TypeBox on texts one character away from right ones', () => {
    const pairs: readonly (readonly [string, (text: string) => boolean, string])[] = [
      ['uuid', isUuid, UUID],
      ['date', isDate, '2024-02-29'],
      ['time', isTime, '23:59:60.25+00:00'],
      ['date-time', isDateTime, '2024-02-29T23:59:59.1-00:00'],
    ];
    for (const [name, ours, text] of pairs) {
      for (let at = 0; at < text.length; at += 1) {
        for (const character of ['', '0', '1', '9', 'f', 'T', 'Z', ':', '-', '+', '.', ' ', '٣']) {
          const near = text.slice(0, at) + character + text.slice(at + 1);
          expect([near, ours(near)]).toEqual([near, Format.Test(name, near)]);
        }
      }
    }
  });
});
