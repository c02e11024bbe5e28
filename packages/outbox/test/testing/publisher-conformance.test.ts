import { describe, expect, test } from 'vitest';

import type { Publisher } from '../../src/index.ts';
import {
  createMemoryPublisher,
  type PublisherHarness,
  publisherConformance,
  refused,
} from '../../src/testing/index.ts';

const harness = (change: (publisher: Publisher) => Partial<Publisher> = () => ({})): PublisherHarness => {
  const memory = createMemoryPublisher();
  const refusals = new Set<string>();
  const rule = (stall: boolean) =>
    memory.behave(({ id }) => (stall ? 'stall' : refusals.has(id) ? refused() : undefined));
  rule(false);
  const publisher: Publisher = {
    keepsKeyPrefix: true,
    publish: (record, o) => memory.publish(record, o),
    publishBatch: (records, o) => memory.publishBatch(records, o),
  };
  return {
    publisher: { ...publisher, ...change(publisher) },
    topic: 'conformance',
    timeoutMs: 100,
    read: () => Promise.resolve(memory.log),
    refuse: (id) => {
      refusals.add(id);
    },
    stall: () => {
      rule(true);
      return Promise.resolve(() => memory.release());
    },
    down: () => {
      memory.down();
      return Promise.resolve(() => memory.up());
    },
  };
};

const verdicts = async (of: PublisherHarness): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const item of publisherConformance(of)) {
    const { name } = item;
    // oxlint-disable-next-line no-await-in-loop -- the cases share one topic
    await item
      .run()
      .catch((error: unknown) => found.push(`${name.slice(0, 2)}: ${error instanceof Error ? error.message : ''}`));
  }
  return found;
};

const rules = async (of: PublisherHarness): Promise<readonly string[]> =>
  (await verdicts(of)).map((verdict) => verdict.slice(0, 2));

describe('the publisher contract', () => {
  test('the memory publisher keeps it', async () => {
    expect(publisherConformance(harness()).map(({ name }) => name.slice(0, 2))).toEqual(['P1', 'P4', 'P2', 'P3', 'P5']);
    expect(await verdicts(harness())).toEqual([]);
  });

  test('P1 an acknowledgement of what is not in the log is found', async () => {
    const liar = harness(() => ({
      publish: () => Promise.resolve({ ok: true }),
      publishBatch: (records) => Promise.resolve(records.map(() => ({ ok: true }))),
    }));
    expect(await rules(liar)).toEqual(expect.arrayContaining(['P1', 'P4', 'P2', 'P5']));
  });

  test('P2 a client that sends on behind a failure is found', async () => {
    const eager = harness((publisher) => ({
      publishBatch: async (records, o) => {
        const outcomes = await Promise.all(records.map((record) => publisher.publish(record, o)));
        return outcomes;
      },
    }));
    expect(await rules(eager)).toContain('P2');
  });

  test('P3 a call without an end is found', async () => {
    const patient = harness((publisher) => ({
      publishBatch: (records, o) => publisher.publishBatch(records, { ...o, timeoutMs: 60_000 }),
    }));
    expect(await rules(patient)).toEqual(['P3']);
  });

  test('P4 a client that changes what it is given is found', async () => {
    const vain = harness((publisher) => ({
      publish: (record, o) => publisher.publish({ ...record, headers: { ...record.headers, x: 'e' } }, o),
    }));
    expect(await rules(vain)).toEqual(['P4']);
  });

  test('P5 a client that rejects is found', async () => {
    const harsh = harness((publisher) => ({
      publishBatch: async (records, o) => {
        const outcomes = await publisher.publishBatch(records, o);
        if (outcomes.some((outcome) => !outcome.ok && outcome.scope === 'broker')) throw new Error('away');
        return outcomes;
      },
    }));
    expect(await rules(harsh)).toEqual(['P5']);
  });
});
