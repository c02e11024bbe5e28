/**
 * kafkajs keeps half a frame when a connection breaks off, and reads the bytes of the next connection behind it: answers go to the wrong
 * requests, or its data listener throws, which ends the process. It only ever sees whole frames here; half of one goes with its socket.
 */
import type { Socket } from 'node:net';

import { FrameReader } from '../frame-reader.ts';

type Listener = (...args: readonly unknown[]) => void;

/**
 * Listeners of `data` that are added from now on get whole frames, one by one, each after `look` has seen it. What is no frame, or cannot
 * be read, destroys the socket.
 */
export const deliverWholeFrames = (socket: Socket, look: (frame: Buffer) => void): void => {
  const framed = (listener: Listener): Listener => {
    const reader = new FrameReader();
    return (chunk) => {
      if (!Buffer.isBuffer(chunk)) return;
      try {
        for (const frame of reader.push(chunk)) {
          look(frame);
          listener(frame);
        }
      } catch (error) {
        socket.destroy(new Error('an answer that cannot be read', { cause: error }));
      }
    };
  };
  const on = socket.on.bind(socket);
  Object.defineProperty(socket, 'on', {
    configurable: true,
    value: (event: string, listener: Listener): unknown => on(event, event === 'data' ? framed(listener) : listener),
  });
};
