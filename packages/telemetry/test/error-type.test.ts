import { expect, it } from 'vitest';

import { errorTypeOf } from '../src/error-type.ts';

it.each([
  [{ kafkaError: 'REQUEST_TIMEOUT' }, 'REQUEST_TIMEOUT'],
  [{ code: 'BUSBAR_PRODUCER_X', details: { kafkaError: 'NOT_CONNECTED' } }, 'NOT_CONNECTED'],
  [{ retriable: false, cause: { type: 'NOT_LEADER_FOR_PARTITION' } }, 'NOT_LEADER_FOR_PARTITION'],
  [{ sqlState: '40P01' }, '40P01'],
  [{ severity: 'ERROR', code: '23505' }, '23505'],
  [{ code: '23505' }, '_OTHER'],
  [{ code: 'BUSBAR_BREAKER_OPEN' }, 'circuit_open'],
  [{ code: 'BUSBAR_PRODUCER_BUFFER_FULL' }, 'buffer_full'],
  [{ code: 'BUSBAR_EVENT_INVALID' }, 'validation'],
  [{ code: 'BUSBAR_ABORTED' }, 'aborted'],
  [{ name: 'AbortError' }, '_OTHER'],
  [{ code: 'ABORT_ERR' }, 'aborted'],
  [{ code: 'BUSBAR_TIMEOUT' }, 'timeout'],
  [{ errors: [{}, { code: 'ECONNREFUSED' }] }, 'connection'],
  [{ type: 'system', message: 'x' }, '_OTHER'],
  ['text', '_OTHER'],
  [undefined, '_OTHER'],
])('the type of %j is %s', (error, type) => {
  expect(errorTypeOf(error)).toBe(type);
});

it('ends on circles and on endless chains', () => {
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  expect(errorTypeOf(circle)).toBe('_OTHER');
  let deep: object = { code: 'ECONNRESET' };
  for (let level = 0; level < 100; level += 1) deep = { cause: deep };
  expect(errorTypeOf(deep)).toBe('_OTHER');
});
