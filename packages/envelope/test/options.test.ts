import { CODEC_DEFAULTS, type CodecOptions, createEventCodec } from '@busbar/envelope';
import { describe, expect, it } from 'vitest';

import { resolveCodecOptions } from '../src/options.ts';
import { issuePaths, order, orders, thrownBy } from './orders.ts';

const problemsOf = (options: Record<string, unknown>): readonly string[] =>
  issuePaths(thrownBy(() => createEventCodec(orders, Object.assign({ source: '/svc/a' }, options))));
const accepts = (options: Partial<CodecOptions>): void => {
  expect(() => createEventCodec(orders, { source: '/svc/a', ...options })).not.toThrow();
};

describe('codec options', () => {
  it('R-STD-3 have the documented defaults', () => {
    expect(resolveCodecOptions({ source: '/svc/a' })).toMatchObject({
      ...CODEC_DEFAULTS,
      typePrefix: undefined,
      constants: [],
    });
    expect(Object.isFrozen(resolveCodecOptions({ source: '/svc/a' }))).toBe(true);
  });

  it('R-STD-3 are all checked at once', () => {
    const wrong: object = {
      source: 'not a uri',
      typePrefix: 'Com.Acme',
      mode: 'batch',
      environment: '',
      region: 'x'.repeat(129),
      deployment: 'a\u0000',
      maxBytes: 1_023,
      warnBytes: 16_777_217,
      maxDecodeBytes: 5,
      context: {},
      wallClock: 5,
      randomBytes: null,
      checkRoundTrip: 'yes',
      extensions: { Upper: 'string', id: 'string', dataref: 'string', ok: 'float', [`x${'y'.repeat(20)}`]: 'string' },
    };
    const error = thrownBy(() => createEventCodec(orders, Object.assign({ source: '' }, wrong)));
    expect(error.code).toBe('BUSBAR_EVENT_OPTIONS');
    expect(issuePaths(error)).toEqual([
      '/source',
      '/typePrefix',
      '/mode',
      '/environment',
      '/region',
      '/deployment',
      '/maxBytes',
      '/warnBytes',
      '/maxDecodeBytes',
      '/context',
      '/wallClock',
      '/randomBytes',
      '/checkRoundTrip',
      '/extensions/Upper',
      '/extensions/id',
      '/extensions/dataref',
      '/extensions/ok',
      `/extensions/x${'y'.repeat(20)}`,
    ]);
  });

  it('R-STD-3 have exact bounds', () => {
    accepts({ source: 'x'.repeat(512), typePrefix: 'a'.repeat(100) });
    expect(problemsOf({ source: 'x'.repeat(513) })).toEqual(['/source']);
    expect(problemsOf({ source: '' })).toEqual(['/source']);
    expect(problemsOf({ source: undefined })).toEqual(['/source']);
    expect(problemsOf({ typePrefix: 'a'.repeat(101) })).toEqual(['/typePrefix']);
    for (const bytes of [1_024, 16_777_216]) accepts({ maxBytes: bytes, warnBytes: bytes });
    for (const bytes of [1_023, 16_777_217, 2_000.5, Number.NaN])
      expect(problemsOf({ warnBytes: bytes })).toEqual(['/warnBytes']);
    accepts({ maxBytes: 2_000, maxDecodeBytes: 2_000 });
    expect(problemsOf({ maxBytes: 2_000, maxDecodeBytes: 1_999 })).toEqual(['/maxDecodeBytes']);
  });

  it('C6 allow 32 declared extensions', () => {
    const extensions = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`e${n}`, 'string'] as const));
    accepts({ extensions: extensions(32) });
    expect(problemsOf({ extensions: extensions(33) })).toEqual(['/extensions']);
  });

  it('are copied: a change afterwards has no effect', () => {
    const options = { source: '/svc/a', extensions: { vip: 'boolean' as const } };
    const codec = createEventCodec(orders, options);
    Object.assign(options, { source: '/svc/b', extensions: {} });
    const { headers } = codec.encode('order.created', order, { extensions: { vip: true } });
    expect(headers).toMatchObject({ ce_source: '/svc/a', ce_vip: 'true' });
  });
});
