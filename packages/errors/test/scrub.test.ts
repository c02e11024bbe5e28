import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { scrub } from '../src/scrub.ts';

describe('scrub', () => {
  it.each([
    ['postgres://app:hunter2@db:5432/x', 'postgres://[redacted]@db:5432/x'],
    ['postgres://app:p@ss/w@rd@db/x', 'postgres://[redacted]@db/x'],
    ['cannot reach postgres://app:hun ter2@db/x', 'cannot reach postgres://[redacted]@db/x'],
    ['cannot parse postgres://app:hunter2', 'cannot parse postgres://app:[redacted]'],
    ['https://token@host/path', 'https://[redacted]@host/path'],
    ['connect app:hunter2@db failed', 'connect app:[redacted]@db failed'],
    ['password=hunter2;x', 'password=[redacted]'],
    ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=[redacted] psql'],
    ["password = 'two words' host=db", "password = '[redacted]' host=db"],
    ["passwd='it\\'s' host=db", "passwd='[redacted]' host=db"],
    ['pwd="never closed', 'pwd="[redacted]'],
    ['{"clientSecret":"hunter2","id":1}', '{"clientSecret":"[redacted]","id":1}'],
    ['{\\"token\\":\\"hunter2\\"}', '{\\"token\\":\\"[redacted]'],
    ['apiKey: hunter2\nnext', 'apiKey: [redacted]\nnext'],
    ['api_key=hunter2&x=1', 'api_key=[redacted]'],
    ['Authorization: Basic aHVudGVyMg== x\nHost: db', 'Authorization: [redacted]\nHost: db'],
    ['sent Bearer  abc.def ghi', 'sent Bearer  [redacted] ghi'],
    ['token: Bearer abc.def ghi', 'token: [redacted] ghi'],
    ['Bearer token=  abc.def ghi', 'Bearer [redacted] ghi'],
    ['key -----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY----- end', 'key [redacted] end'],
    ['key -----BEGIN PRIVATE KEY-----\nabc', 'key [redacted]'],
    ['key -----BEGIN X-----\nabc-----END X', 'key [redacted]'],
  ])('hides the secret in %s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:9092',
    'https://host:8080/path?x=1#y',
    'http://[::1]:80/',
    'http://host:80/path mail a@b',
    'see https://example.org, section 4',
    'password authentication failed for user "app"',
    'the token is missing',
    'authorization required',
    'authorization:',
    'secret:',
    'a basic error',
    'unbearable heat',
    'Bearer',
    'Bearer ',
    'time 10:20:30 and a@b',
    'x:@y',
    '-----',
    '-- dashes --',
    '',
  ])('leaves %j as it is', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it('hides a secret whatever stands around it', () => {
    const around = fc.array(
      fc.constantFrom(
        'password',
        'token',
        '=',
        ':',
        '://',
        '@',
        ' ',
        'x',
        '/',
        'Bearer ',
        '\n',
        'authorization',
        '1',
        '[',
        '-',
      ),
      { maxLength: 10 },
    );
    const carrier = fc.constantFrom(
      'postgres://app:SECRET@db/x',
      'password=SECRET',
      'Bearer SECRET',
      'token: "SECRET"',
    );
    fc.assert(
      fc.property(around, carrier, around, (before, secret, after) => {
        expect(scrub(`${before.join('')} ${secret} ${after.join('')}`)).not.toContain('SECRET');
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes time linear in the length, whatever the text', () => {
    for (const piece of [
      '://a:b ',
      '://a:1/',
      'x:y',
      'password="',
      "pwd=' ",
      'Bearer ',
      '-----BEGIN ',
      'authorization',
      '@',
      'a:b@',
    ]) {
      const startedMs = performance.now();
      scrub(piece.repeat(20_000));
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    }
  });
});
