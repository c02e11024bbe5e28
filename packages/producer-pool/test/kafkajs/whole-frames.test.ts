import { once } from 'node:events';
import { Socket } from 'node:net';

import { expect, test } from 'vitest';

import { deliverWholeFrames } from '../../src/kafkajs/whole-frames.ts';

const FRAME = Buffer.from([0, 0, 0, 5, 1, 2, 3, 4, 5]);

test('R-KP-6 F1 a listener of data gets whole frames, other listeners what they always got', async () => {
  const socket = new Socket();
  deliverWholeFrames(socket, () => undefined);
  const got: unknown[] = [];
  socket.on('data', (frame) => got.push(frame));
  socket.emit('data', FRAME.subarray(0, 6));
  socket.emit('data', 'text');
  expect(got).toEqual([]);
  socket.emit('data', Buffer.concat([FRAME.subarray(6), FRAME, FRAME.subarray(0, 3)]));
  expect(got).toEqual([FRAME, FRAME]);
  const closed = once(socket, 'close');
  socket.destroy();
  expect(await closed).toEqual([]);
});

test('R-KP-6 F1 what is no frame destroys the socket with an error, and never reaches the listener', async () => {
  const socket = new Socket();
  deliverWholeFrames(socket, () => undefined);
  socket.on('data', () => {
    throw new Error('reached');
  });
  const failed = once(socket, 'error');
  socket.emit('data', Buffer.from('HTTP/1.1 400 Bad Request'));
  expect(await failed).toMatchObject([{ cause: new RangeError('a frame of 1213486160 bytes cannot be') }]);
});
