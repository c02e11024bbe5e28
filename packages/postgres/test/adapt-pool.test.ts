import { EventEmitter } from 'node:events';

import { describe, expect, test } from 'vitest';

import { resolveAdaptOptions, type AdaptOptions } from '../src/adapt-options.ts';
import { adaptPool } from '../src/adapt-pool.ts';
import { AdaptedSource } from '../src/adapted-source.ts';
import { adaptedTls } from '../src/adapted-tls.ts';
import { PhaseClock } from '../src/lifecycle.ts';
import type { PgPoolPort } from '../src/pg-port.ts';
import { createCounters } from '../src/stats.ts';
import { tlsOptions } from '../src/tls.ts';
import { rejection } from './eventually.ts';
import { containing, like } from './matchers.ts';

type Answer = Parameters<Parameters<PgPoolPort['connect']>[0]>;

/** A pool that answers at once. */
const answering = (answer: Answer, options: PgPoolPort['options'] = {}): PgPoolPort => ({
  options,
  totalCount: 3,
  idleCount: 1,
  waitingCount: 0,
  connect: (callback) => {
    callback(...answer);
  },
});
const failing = (error: Error) => answering([error, undefined, () => undefined]);

describe('adaptPool', () => {
  test.each([
    [
      'timeout exceeded when trying to connect',
      { code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT', details: { active: 2, idle: 1 } },
    ],
    ['Connection terminated due to connection timeout', { code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT' }],
    ['Cannot use a pool after calling end on the pool', { code: 'BUSBAR_POSTGRES_CLOSED', retryable: false }],
    ['anything else', { code: 'BUSBAR_POSTGRES_CONNECT' }],
  ])('H20 the refusal "%s" of the pool has a name', async (message, named) => {
    const pg = adaptPool(failing(new Error(message)), { pool: { acquireTimeoutMs: 100 } });
    expect(await rejection(pg.query('select 1'))).toMatchObject(named);
    await pg.close();
  });

  test('what is no client of pg is given back and refused, and so is nothing at all', async () => {
    let released = 0;
    const native = adaptPool(answering([undefined, {}, () => (released += 1)]));
    expect(await rejection(native.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      details: { argument: 'pool' },
    });
    expect(released).toBe(1);
    await native.close();
    const empty = adaptPool(answering([undefined, undefined, () => undefined]), { pool: { acquireTimeoutMs: 100 } });
    expect(await rejection(empty.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT' });
    await empty.close();
  });

  test('H18 a client on a socket that has no address is cancelled where it says that it is', async () => {
    const wire = Object.assign(new EventEmitter(), { stream: { destroy: () => undefined } });
    const raw = Object.assign(new EventEmitter(), {
      host: '/run/postgresql',
      port: 5_432,
      ssl: false,
      connection: wire,
      connectionParameters: {},
      getTransactionStatus: () => 'I',
    });
    const pool = answering([undefined, raw, () => undefined]);
    const options = resolveAdaptOptions(pool, {});
    const opened = await new Promise((resolve) => {
      const steps = new PhaseClock(options.clock);
      new AdaptedSource(pool, options, createCounters().statements).open(steps, (_error, one) => resolve(one));
    });
    expect(opened).toMatchObject({
      isReused: false,
      place: { host: '/run/postgresql', port: 5_432, address: '/run/postgresql' },
    });
  });

  test('takes from the pool where it goes and how many it has; the rest is checked all at once', () => {
    const options = { host: 'db.internal', port: 6_000, database: 'orders', user: 'app', max: 2_000, stream: 7 };
    const resolved = resolveAdaptOptions(answering([undefined, undefined, () => undefined], options), {
      timeouts: { queryDeadlineMs: 300 },
    });
    expect(resolved).toMatchObject({
      mode: 'adapted',
      host: 'db.internal',
      port: 6_000,
      database: 'orders',
      user: 'app',
      targetSessionAttrs: 'any',
      pool: { max: 2_000, connectConcurrency: 2_000, minIdle: 0 },
      timeouts: { queryDeadlineMs: 300 },
    });
    const plain = resolveAdaptOptions(failing(new Error('unused')), {});
    expect(plain).toMatchObject({ pool: { max: 10 }, timeouts: { queryDeadlineMs: 20_000 } });
    const wrong: AdaptOptions = {};
    Object.assign(wrong, { host: 'h', pool: { max: 3 }, timeouts: { lockMs: 100 } });
    const issues = [containing('host'), containing('pool.max'), containing('timeouts.lockMs')];
    expect(() => adaptPool(failing(new Error('unused')), wrong)).toThrow(
      like({ code: 'BUSBAR_POSTGRES_OPTIONS', details: like({ issues }) }),
    );
  });
});

describe('H19 a cancel request is secured like the client', () => {
  const connection = {};
  const secured = (ssl: Parameters<typeof adaptedTls>[0]['ssl'], host = 'db.internal') =>
    tlsOptions(adaptedTls({ host, ssl, connection }), host);

  test.each([
    ['TLS by default', secured(true), { rejectUnauthorized: true, servername: 'db.internal' }],
    ['unchecked', secured({ rejectUnauthorized: false }), { rejectUnauthorized: false }],
    ['a host that is a name is the name', secured({ servername: 'other' }), { servername: 'db.internal' }],
    [
      'an address has the name that is given',
      secured({ servername: 'db.test' }, '10.0.0.1'),
      { servername: 'db.test' },
    ],
  ])('%s', (_name, options, expected) => {
    expect(options).toMatchObject(expected);
  });

  test('not at all, where that was not', () => {
    expect(secured(false)).toBe(false);
  });

  test('also with a key that the driver hides, and a check of the user', () => {
    const checkServerIdentity = () => undefined;
    const ssl = Object.defineProperty({ cert: 'cert', checkServerIdentity }, 'key', {
      value: 'key',
      enumerable: false,
    });
    expect(secured(ssl)).toMatchObject({ cert: 'cert', key: 'key', checkServerIdentity });
  });
});
