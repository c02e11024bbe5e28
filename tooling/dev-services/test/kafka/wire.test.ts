import { createServer, type Server } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { isWhole } from '../../src/kafka/metadata-probe.ts';
import { ask, WireReader, WireWriter } from '../../src/kafka/wire.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

const listen = async (onRequest: (bytes: Buffer) => readonly Buffer[] | 'close'): Promise<string> => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const answer = onRequest(Buffer.from(bytes));
      if (answer === 'close') socket.destroy();
      else for (const part of answer) socket.write(part);
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => {
    listening.listen(0, '127.0.0.1', resolve);
  });
  const address = listening.address();
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
};

test('what is written is read back, null and empty apart', () => {
  const writer = new WireWriter().int8(-1).int16(-2).int32(3).int64(-4n).string('né').string('').string(null);
  writer.array([7, 8], (item) => writer.int32(item)).array(null, () => undefined);
  const reader = new WireReader(writer.done());
  expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([-1, -2, 3, -4n]);
  expect([reader.string(), reader.string(), reader.string()]).toEqual(['né', '', null]);
  expect([reader.array(() => reader.int32()), reader.array(() => reader.int32())]).toEqual([[7, 8], []]);
  expect(() => reader.int8()).toThrow(RangeError);
});

test('the flexible encoding is read back too, with tags passed over', () => {
  const long = 'x'.repeat(300);
  const writer = new WireWriter().compactString('né').compactString(long);
  writer.compactArray([7, 8], (item) => writer.int32(item));
  writer.tags().int8(1).int8(5).int8(2).int16(0); // one tag, number 5, of two bytes
  const reader = new WireReader(Buffer.concat([writer.done(), Buffer.from([0, 42])]));
  expect([reader.compactString(), reader.compactString()]).toEqual(['né', long]);
  expect(reader.compactArray(() => reader.int32())).toEqual([7, 8]);
  reader.tags();
  reader.tags();
  expect([reader.compactString(), reader.int8()]).toEqual([null, 42]);
});

test('a flexible request ends its header with tags, and so does the answer', async () => {
  let request: Buffer = Buffer.alloc(0);
  const broker = await listen((bytes) => {
    request = bytes;
    return [new WireWriter().int32(9).int32(1).tags().int32(77).done()];
  });
  const answer = await ask(broker, { apiKey: 45, apiVersion: 0, body: new WireWriter().int16(9), flexible: true });
  expect([answer.int32(), request.subarray(-3)]).toEqual([77, Buffer.from([0, 0, 9])]);
});

test('a request has size, key, version and client, and an answer may come in pieces', async () => {
  let request: Buffer = Buffer.alloc(0);
  const broker = await listen((bytes) => {
    request = bytes;
    const answer = new WireWriter().int32(8).int32(1).int32(77).done();
    return [answer.subarray(0, 5), answer.subarray(5)];
  });
  const body = new WireWriter().int16(9);
  const answer = await ask(broker, { apiKey: 3, apiVersion: 4, body });
  expect(answer.int32()).toBe(77);
  const read = new WireReader(request);
  expect([read.int32(), read.int16(), read.int16(), read.int32(), read.string(), read.int16()]).toEqual([
    request.length - 4,
    3,
    4,
    1,
    'dev-services',
    9,
  ]);
});

test('silence, a closed connection and a refused one reject', async () => {
  const body = new WireWriter();
  const silent = await listen(() => []);
  await expect(ask(silent, { apiKey: 3, apiVersion: 4, body }, 50)).rejects.toThrow('no answer in time');
  server?.close();
  const closing = await listen(() => 'close');
  await expect(ask(closing, { apiKey: 3, apiVersion: 4, body })).rejects.toThrow('closed without an answer');
  await expect(ask('127.0.0.1:1', { apiKey: 3, apiVersion: 4, body })).rejects.toThrow('ECONNREFUSED');
});

test('a topic is whole with a leader and all replicas in sync', () => {
  const partition = { partition: 0, leader: 1, replicas: [1, 2], inSync: [2, 1] };
  const topic = { errorCode: 0, name: 't', partitions: [partition] };
  expect(isWhole(topic)).toBe(true);
  expect(isWhole({ ...topic, partitions: [{ ...partition, leader: -1 }] })).toBe(false);
  expect(isWhole({ ...topic, partitions: [{ ...partition, inSync: [1] }] })).toBe(false);
  expect(isWhole({ ...topic, errorCode: 3 })).toBe(false);
  expect(isWhole({ ...topic, partitions: [] })).toBe(false);
});
