import { once } from 'node:events';
import { createServer } from 'node:net';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { PhaseClock } from '../src/lifecycle.ts';
import { OpenAttempt } from '../src/open-attempt.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { ServerLogin } from '../src/server-login.ts';
import { rejection } from './eventually.ts';

test('F1 a server that does not answer within its part of the connect time is left, with its socket', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).resume()); // and says nothing
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const clock = manualClock();
  const options = resolvePostgresOptions({ host: 'h', database: 'd', user: 'u', clock, timers: clock.timers });
  const place = { host: 'db.test', port, address: '127.0.0.1' };
  const attempt = new OpenAttempt(new PhaseClock(clock), place);
  const request = { place, wanted: 'any', untilMs: clock.now() + 700 } as const;
  const outcome = rejection(new ServerLogin(options).at(attempt, request));
  await accepted;
  await clock.advance(700);
  expect(await outcome).toMatchObject({
    code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT',
    details: { host: 'db.test', port, elapsedMs: 700 },
  });
  server.close();
  await once(server, 'close'); // no connection is left
});
