import fc from 'fast-check';
import { expect, test } from 'vitest';

import { FrameReader } from '../src/frame-reader.ts';

const framed = (body: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

test('R-KP-6 however a stream is cut into chunks, the same frames come out, each as soon as it is whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 }),
      (bodies, sizes) => {
        const frames = bodies.map(framed);
        const stream = Buffer.concat(frames);
        const reader = new FrameReader();
        const got: Buffer[] = [];
        let at = 0;
        for (let n = 0; at < stream.length; n += 1) {
          const end = at + (sizes[n % sizes.length] ?? 1);
          got.push(...reader.push(stream.subarray(at, end)));
          at = Math.min(end, stream.length);
          const whole = Buffer.concat(got).length;
          const next = frames[got.length];
          expect(next === undefined || whole + next.length > at).toBe(true);
        }
        expect(got).toEqual(frames);
      },
    ),
  );
});

test.each([-1, 0, 3, 104_857_601])('R-KP-6 a frame of %s bytes is none', (length) => {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(length);
  expect(() => new FrameReader().push(bytes)).toThrow(`a frame of ${length} bytes cannot be`);
});
