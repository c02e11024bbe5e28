import { randomUUID } from 'node:crypto';

import type { ConsoleRecord } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';

import { createBusbar, defineEvent, defineEvents } from '../src/index.ts';
import { busEnvironment } from './bus-environment.ts';

const ACCOUNTS = 20;
const TRANSFERS = 400;
const PARTITIONS = 3;
const ROLLED_BACK_SHARE = 0.1;

class Declined extends Error {}

const AccountChanged = Type.Object({
  account: Type.String(),
  change: Type.Integer({ minimum: 1 }),
  id: Type.Integer(),
});
const accountChanged = Compile(AccountChanged);

const accountEvents = (topic: string) =>
  defineEvents({
    'account.changed': defineEvent({ version: 1, topic, key: (change) => change.account, schema: AccountChanged }),
  });

const toLogged = ({ key, value, headers }: ConsoleRecord) => {
  const data: unknown = JSON.parse(value?.toString() ?? '');
  if (!accountChanged.Check(data)) throw new TypeError('the log holds what is no account.changed event');
  const texts = Object.fromEntries(headers.map((header) => [header.name, header.value?.toString()]));
  return { key: key?.toString(), data, headers: texts };
};

const numbered = Array.from({ length: TRANSFERS }, (_, id) => id);

describe('end to end', () => {
  it('R-PR-1 every committed event is in the log exactly once, in order per key, as a CloudEvent; a rolled-back one never', async (ctx) => {
    const topic = `e2e-${randomUUID()}`;
    await using env = await busEnvironment(ctx, { topic, partitions: PARTITIONS });
    await env.query('create table account (name text primary key, changes integer not null)');
    const kafka = await requireService(ctx, 'kafka');
    const random = seededRandom(20_261_124);
    const plan = numbered.map((id) => ({
      id,
      account: `a-${Math.floor(random() * ACCOUNTS)}`,
      fails: random() < ROLLED_BACK_SHARE,
    }));

    await using bus = await createBusbar({
      events: accountEvents(topic),
      load: { env: env.variables, files: [] },
      telemetry: false,
      outbox: { migrate: 'auto' },
    });
    const report = await bus.start();
    expect(report.status).toBe('pass');
    expect(bus.ready()).toBe(true);

    const change = async ({ id, account, fails }: (typeof plan)[number]): Promise<void> => {
      const work = bus.transaction(async (tx) => {
        const changes = await tx.value<number>(
          'insert into account values ($1, 1) on conflict (name) do update set changes = account.changes + 1 returning changes',
          [account],
        );
        await tx.publish('account.changed', { account, change: changes, id });
        if (fails) throw new Declined();
      });
      await work.catch((error: unknown) => {
        if (!fails || !(error instanceof Declined)) throw error;
      });
    };
    const queue = [...plan];
    const worker = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- a worker makes one change at a time
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await change(next);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(await bus.outbox.drain()).toBe(true);

    const logged = (await kafka.readWithJava(topic)).map(toLogged);
    const committed = plan.filter(({ fails }) => !fails).map(({ id }) => id);
    expect(logged.map(({ data }) => data.id).toSorted((a, b) => a - b)).toEqual(committed);
    expect(new Set(logged.map(({ headers }) => headers['ce_id'])).size).toBe(committed.length);
    const next = new Map<string, number>();
    for (const { key, data, headers } of logged) {
      expect(key).toBe(data.account);
      expect(headers['ce_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_source: '/svc/orders',
        ce_type: 'account.changed.v1',
        ce_partitionkey: data.account,
      });
      expect(data.change).toBe((next.get(data.account) ?? 0) + 1);
      next.set(data.account, data.change);
    }
    expect(await env.query('select count(*)::int as left_over from busbar.outbox')).toEqual([{ left_over: 0 }]);
    const closed = await bus.close();
    expect(closed.complete).toBe(true);
  });
});
