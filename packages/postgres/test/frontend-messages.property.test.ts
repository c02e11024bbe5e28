import { PassThrough } from 'node:stream';

import fc from 'fast-check';
import { Connection } from 'pg';
import { expect, test } from 'vitest';

import { groupMessages } from '../src/frontend-messages.ts';
import { NamedStatement, SyncGroup, type NamedGroup } from '../src/pipeline.ts';
import type { WireConnection } from '../src/pool-port.ts';
import { rowShape } from '../src/row-decoder.ts';

const isWire = (connection: object): connection is WireConnection => 'bind' in connection && 'close' in connection;

/** What the driver writes, message by message. */
const driversBytes = ({ closing, statements, isSplit }: NamedGroup, end: 'sync' | 'flush'): Buffer => {
  const written: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (bytes: Buffer) => written.push(bytes));
  const wire = new Connection({ stream: () => stream });
  if (!isWire(wire)) throw new TypeError('the driver has changed');
  for (const name of closing) wire.close({ type: 'S', name });
  for (const { text, values, rowLimit, name, parse, shape, isControl } of statements) {
    if (parse) wire.parse({ name, text, types: [] });
    if (isSplit) wire.flush();
    wire.bind({ statement: name, values: [...values] });
    if (isSplit) wire.flush();
    if (shape === undefined && !isControl) wire.describe({ type: 'P', name: '' });
    wire.execute({ portal: '', rows: rowLimit });
  }
  wire[end]();
  return Buffer.concat(written);
};

const text = fc.string({ unit: 'binary', maxLength: 40 }).map((some) => some.replaceAll('\0', ' '));
const value = fc.oneof(
  text,
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
const statement = fc
  .record({
    text,
    values: fc.array(value, { maxLength: 5 }),
    rowLimit: fc.nat(),
    isControl: fc.boolean(),
    name: fc.oneof(fc.constant(''), text),
    parse: fc.boolean(),
    shape: fc.constantFrom(undefined, rowShape([])),
  })
  .map((one) => new NamedStatement(one, one));
const group = fc.record({
  closing: fc.array(text, { maxLength: 3 }),
  statements: fc.array(statement, { maxLength: 4 }),
  isSplit: fc.boolean(),
});

test('B1 the bytes of a group are those that the driver writes for each of its messages', () => {
  fc.assert(
    fc.property(group, fc.constantFrom('sync', 'flush'), (one, end) => {
      expect(groupMessages(one, end).equals(driversBytes(one, end))).toBe(true);
    }),
  );
});

test('a long text and 65 535 parameters are whole', () => {
  const long = { text: 'ü'.repeat(300_000), values: Array.from({ length: 65_535 }, String), rowLimit: 0 };
  const plan = { name: '', parse: true };
  const one = { closing: [], statements: [new NamedStatement(long, plan)], isSplit: false };
  expect(groupMessages(one, 'sync').equals(driversBytes(one, 'sync'))).toBe(true);
});

test('Q5 nothing is written to a socket that is over, and nobody is told that it was', () => {
  const stream = new PassThrough();
  const wire = new Connection({ stream: () => stream });
  stream.destroy();
  const one = { closing: [], statements: [], isSplit: false };
  if (!isWire(wire)) throw new TypeError('the driver has changed');
  const sent = new SyncGroup(wire, one);
  sent.submit();
  expect([sent.written, stream.readableLength]).toEqual([false, 0]);
});
