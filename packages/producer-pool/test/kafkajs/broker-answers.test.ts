import { Socket } from 'node:net';

import { describe, expect, test, vi } from 'vitest';

import { BrokerAnswers } from '../../src/kafkajs/broker-answers.ts';
import { WireWriter } from '../../src/testing/fake-broker/wire.ts';

const PRODUCE = 0;
const METADATA = 3;
const LEADER_NOT_AVAILABLE = 5;

const framed = (write: (writer: WireWriter) => WireWriter): Buffer => {
  const body = write(new WireWriter()).end();
  return new WireWriter().int32(body.length).bytes(body).end();
};

/** As far as it is read: of partition 12 of topic u. */
const produceBody = (writer: WireWriter): WireWriter =>
  writer
    .string(null)
    .int16(-1)
    .int32(800)
    .array(['u'], (topic) => {
      writer.string(topic).array([12], (partition) => {
        writer.int32(partition);
      });
    });

/** A socket on which a request was written, and what is to be told of its answer. */
const asked = (api: number, version: number) => {
  const socket = new Socket();
  const written = vi.spyOn(socket, 'write').mockReturnValue(true);
  const answers = new BrokerAnswers();
  const look = answers.watch(socket);
  const request = framed((writer) => {
    writer.int16(api).int16(version).int32(7).string('client');
    if (api === PRODUCE) produceBody(writer);
    return writer;
  });
  expect(socket.write(request, 'binary')).toBe(true);
  expect(written).toHaveBeenCalledWith(request, 'binary');
  return { answers, look, socket };
};

/** What the next acknowledgement of the partition says. */
const toldMs = ({ throttleTimes }: BrokerAnswers, topic: string, partition: number): number | undefined =>
  throttleTimes.addTo({ topic, partition, errorCode: 0, baseOffset: 0n })?.throttleMs;

const produced = (
  id: number,
  version: number,
  { throttleMs = 0, errorCode = 0 }: { readonly throttleMs?: number; readonly errorCode?: number } = {},
): Buffer =>
  framed((writer) =>
    writer
      .int32(id)
      .array(['t', 'u'], (topic) => {
        writer.string(topic).array([0, 12], (partition) => {
          writer.int32(partition).int16(errorCode).int64(1n).int64(-1n);
          if (version >= 5) writer.int64(0n);
        });
      })
      .int32(throttleMs),
  );

const metadata = (version: number, leader: number, errorCode = leader < 0 ? LEADER_NOT_AVAILABLE : 0): Buffer =>
  framed((writer) =>
    writer
      .int32(7)
      .int32(0)
      .array([1, 2], (id) => {
        writer.int32(id).string('host').int32(9092).string(null);
      })
      .string('cluster')
      .int32(1)
      .array(['t', 'u'], (topic) => {
        writer.int16(0).string(topic).boolean(false);
        writer.array([0, 1], (partition) => {
          const told = partition === 1 ? leader : 2;
          writer
            .int16(partition === 1 ? errorCode : 0)
            .int32(partition)
            .int32(told);
          for (let lists = version >= 5 ? 3 : 2; lists > 0; lists -= 1)
            writer.array([1, 2], (id) => {
              writer.int32(id);
            });
        });
      }),
  );

describe('LN-8 throttle times', () => {
  test.each([3, 7])(
    'R-KP-6 the one of a produce answer, version %d, is told once for each partition in it',
    (version) => {
      const { answers, look } = asked(PRODUCE, version);
      look(produced(7, version, { throttleMs: 250 }));
      expect([toldMs(answers, 't', 0), toldMs(answers, 'u', 12), toldMs(answers, 'u', 1)]).toEqual([
        250,
        250,
        undefined,
      ]);
      expect(toldMs(answers, 'u', 12)).toBeUndefined();
    },
  );

  test('R-KP-6 without one nothing is told, nor for an answer that nobody asked for', () => {
    const { answers, look } = asked(PRODUCE, 7);
    look(produced(8, 7, { throttleMs: 250 }));
    look(produced(7, 7));
    look(produced(7, 7, { throttleMs: 250 }));
    expect(toldMs(answers, 't', 0)).toBeUndefined();
  });

  test.each([
    ['before version 3', PRODUCE, 2],
    ['of another request', 22, 3],
  ])('R-KP-6 an answer %s is left alone', (_, api, version) => {
    const { answers, look } = asked(api, version);
    look(produced(7, version, { throttleMs: 250 }));
    expect(toldMs(answers, 't', 0)).toBeUndefined();
  });

  test('R-KP-6 what is too short for a header is written as it is', () => {
    const { socket } = asked(PRODUCE, 7);
    expect(socket.write(Buffer.from([0, 0, 0, 1, 0]), 'binary')).toBe(true);
  });

  test('R-KP-6 a broker that closes its side makes an error of a write, and ends no process', () => {
    const { socket } = asked(PRODUCE, 7);
    // As Node.js does then: an assignment, which throws for a property that cannot be written to.
    const refuse = (): boolean => false;
    socket.write = refuse;
    expect(socket.write(Buffer.alloc(12))).toBe(false);
  });
});

describe('LN-5 attempts of a call', () => {
  test.each([
    ['without an answer', undefined, true],
    ['that a broker refused', 6, false],
    ['of which a broker does not know what came', 7, true],
  ])('R-KP-6 one %s', (_, errorCode, isDoubtful) => {
    const { answers, look } = asked(PRODUCE, 7);
    if (errorCode !== undefined) look(produced(7, 7, { errorCode }));
    expect(answers.mayBeWritten('u', 12)).toBe(isDoubtful);
    expect(answers.mayBeWritten('u', 13)).toBe(false);
    answers.callBegins('u', 12);
    expect(answers.mayBeWritten('u', 12)).toBe(false);
  });
});

describe('PO-7 partitions without a leader', () => {
  test.each([4, 6])('R-KP-6 they are remembered, and an error no more, in version %d', (version) => {
    const { answers, look, socket } = asked(METADATA, version);
    const frame = metadata(version, -1);
    look(frame);
    expect(frame).toEqual(metadata(version, -1, 0));
    expect(['t', 'u'].map((topic) => [answers.isLeaderless(topic, 0), answers.isLeaderless(topic, 1)])).toEqual([
      [false, true],
      [false, true],
    ]);
    socket.write(
      framed((writer) => writer.int16(METADATA).int16(version).int32(7)),
      'binary',
    );
    look(metadata(version, 1));
    expect(answers.isLeaderless('t', 1)).toBe(false);
  });
});
