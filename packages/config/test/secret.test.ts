import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';

import { describe, expect, it } from 'vitest';

import { Secret } from '../src/index.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('gives its text to those who ask by name', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it('R-CF-1 shows it nowhere else', () => {
    const shown = [
      String(secret),
      format('%s', [secret]),
      format('%s %o %O %j', secret, secret, secret, secret),
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, customInspect: false }),
      inspect({ secret }, { depth: null }),
      inspect(structuredClone(secret)),
      serialize(secret).toString('latin1'),
      Object.entries(secret).join(),
    ].join();
    expect(shown).not.toContain('hunter2');
    expect(secret[Symbol.toPrimitive]()).toBe('[secret]');
    expect(secret.toString()).toBe('[secret]');
  });

  it('compares by content', () => {
    expect(secret.equals(new Secret('hunter2'))).toBe(true);
    expect(secret.equals(new Secret('hunter3'))).toBe(false);
  });
});
