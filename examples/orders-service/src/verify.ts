import { readFileSync } from 'node:fs';

import { Client } from 'pg';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';

import { ORDERS_TOPIC } from './events.ts';
import { readTopic, toLoggedOrder, type RawRecord } from './log-reader.ts';
import { judge, type Evidence } from './verdict.ts';

/**
 * The verifier: a process of its own that trusts nothing of the service. It reads the tables with plain SQL and the log with its own
 * consumer group, prints its verdict as one JSON line, and ends with 0 when it holds, else with 1.
 *
 * `node verify.ts <case.json>`
 */
export const VerificationCase = Type.Object({
  databaseUrl: Type.String(),
  /** Brokers to read the topic from; without them `logFile` holds the records of the memory driver. */
  brokers: Type.Optional(Type.Array(Type.String())),
  logFile: Type.Optional(Type.String()),
  rolledBack: Type.Array(Type.String()),
  brokerStayedDead: Type.Boolean(),
});
export type VerificationCase = Static<typeof VerificationCase>;

const RawRecords = Compile(
  Type.Array(
    Type.Object({
      partition: Type.Integer(),
      offset: Type.Integer(),
      key: Type.String(),
      value: Type.String(),
      headers: Type.Record(Type.String(), Type.String()),
    }),
  ),
);

const readCase = (file: string): VerificationCase => {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const shape = Compile(VerificationCase);
  if (!shape.Check(value)) throw new TypeError(`${file} is no verification case`);
  return value;
};

const readLog = async (o: VerificationCase): Promise<readonly RawRecord[]> => {
  if (o.brokers !== undefined) return readTopic({ brokers: o.brokers, topic: ORDERS_TOPIC, timeoutMs: 60_000 });
  const value: unknown = JSON.parse(readFileSync(o.logFile ?? '', 'utf8'));
  if (!RawRecords.Check(value)) throw new TypeError(`${o.logFile ?? ''} holds no records`);
  return value;
};

const readDatabase = async (databaseUrl: string): Promise<Pick<Evidence, 'committed' | 'inOutbox' | 'deadLetters'>> => {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const orders = await client.query<{ id: string }>('select id from orders');
    const waiting = await client.query<{ id: string }>(`select value::json ->> 'orderId' as id from busbar.outbox`);
    const dead = await client.query<{ count: number }>('select count(*)::int as count from busbar.outbox_dead');
    return {
      committed: orders.rows.map(({ id }) => id),
      inOutbox: waiting.rows.map(({ id }) => id),
      deadLetters: dead.rows[0]?.count ?? 0,
    };
  } finally {
    await client.end();
  }
};

const [caseFile] = process.argv.slice(2);
if (caseFile === undefined) throw new TypeError('usage: node verify.ts <case.json>');
const verification = readCase(caseFile);
const log = (await readLog(verification)).map((record) => toLoggedOrder(record));
const { rolledBack, brokerStayedDead } = verification;
const verdict = judge({ ...(await readDatabase(verification.databaseUrl)), rolledBack, log }, { brokerStayedDead });
process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exitCode = verdict.ok ? 0 : 1;
