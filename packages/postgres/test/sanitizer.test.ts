import { inspect } from 'node:util';

import { serializeError } from '@busbar/errors';
import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, test } from 'vitest';

import { createSanitizer, pinoRedactPaths } from '../src/sanitizer.ts';

describe('R-PG-5 C5 the sanitizer', () => {
  test('takes registered secrets out, as they are, percent-encoded and escaped', () => {
    const sanitizer = createSanitizer({ secrets: ['p@ss "w/ord"', 'abc'] });
    sanitizer.register('tango-9');
    expect(sanitizer.sanitize('x p@ss "w/ord" y tango-9 z abc')).toBe('x [redacted] y [redacted] z abc');
    expect(sanitizer.sanitize('GET /?k=p%40ss%20%22w%2Ford%22&b=1')).toBe('GET /?k=[redacted]&b=1');
    expect(sanitizer.sanitize(JSON.stringify({ note: 'p@ss "w/ord"' }))).toBe('{"note":"[redacted]"}');
    expect(inspect(sanitizer, { showHidden: true, depth: 9 })).not.toContain('tango');
    const cause = new Error('it said tango-9');
    expect(serializeError(cause, { scrub: sanitizer.sanitize }).message).toBe('it said [redacted]');
  });

  test('takes out what looks like a secret', () => {
    const { sanitize } = createSanitizer();
    expect(sanitize('connect postgres://app:hunter2@db:5432/orders failed')).toBe(
      'connect postgres://[redacted]@db:5432/orders failed',
    );
    expect(sanitize('password=hunter2 host=db')).toBe('password=[redacted] host=db');
    expect(sanitize('sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b')).toContain('9f86d081884c7d659a2feaa0c55ad015');
  });

  test('shows no part of a secret that is cut off, and says that it cut', () => {
    const { sanitize } = createSanitizer({ secrets: ['0123456789'], maxChars: 12 });
    expect(sanitize('abcdefgh0123456789xyz')).toBe('abcdefgh[redacted]…');
    expect(sanitize('0123456789 0123456789')).toBe('[redacted] [redacted]…');
    expect(sanitize('abcdefghijkl0123456789')).toBe('abcdefghijkl…');
    for (const maxChars of [0, 1.5, Number.NaN, 2_000_000])
      expect(() => createSanitizer({ maxChars })).toThrowError(/maxChars/);
  });

  test('forgets the first of more than 256', () => {
    const sanitizer = createSanitizer();
    for (let n = 0; n < 257; n += 1) sanitizer.register(`secret-number-${n}.`);
    expect(sanitizer.sanitize('(secret-number-0.) (secret-number-1.) (secret-number-256.)')).toBe(
      '(secret-number-0.) ([redacted]) ([redacted])',
    );
  });

  test('leaves nothing of any secret, however they overlap', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 7 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(letters, { maxLength: 4 }),
        text,
        fc.integer({ min: 1, max: 70 }),
        (secrets, given, maxChars) => {
          const shown = createSanitizer({ secrets, maxChars }).sanitize(given);
          // By hand: every character that belongs to an occurrence is hidden.
          const hidden = Array.from(given, () => false);
          for (const secret of secrets)
            for (let at = 0; at + secret.length <= given.length; at += 1)
              if (given.startsWith(secret, at)) hidden.fill(true, at, at + secret.length);
          const kept = Array.from(given).filter((_, at) => at < maxChars && hidden[at] === false);
          expect(shown.replaceAll('[redacted]', '').replace('…', '')).toBe(kept.join(''));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('takes time linear in a hostile text', () => {
    const { sanitize } = createSanitizer({ secrets: ['aaaa', 'aaaab', `${'a'.repeat(100)}b`], maxChars: 1_048_576 });
    const time = (chars: number): number => {
      const startedAtMs = performance.now();
      sanitize('a'.repeat(chars));
      sanitize('://a:'.repeat(chars / 5));
      return performance.now() - startedAtMs;
    };
    time(10_000);
    expect(time(200_000)).toBeLessThan(2_000); // quadratic would be minutes
  });

  test('its paths are what pino takes', () => {
    const lines: string[] = [];
    const logger = pino({ redact: [...pinoRedactPaths] }, { write: (line: string) => void lines.push(line) });
    const err = Object.assign(new Error('m'), { detail: 'Key (email)=(SECRET)', params: ['SECRET'] });
    logger.info({ password: 'SECRET', db: { password: 'SECRET', tls: { key: 'SECRET' } }, err, kept: 'shown' }, 'said');
    expect(lines.join('')).not.toContain('SECRET');
    expect(lines.join('')).toContain('shown');
    expect(new Set(pinoRedactPaths).size).toBe(pinoRedactPaths.length);
  });
});
