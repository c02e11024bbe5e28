import { sleep } from '@busbar/retry';

import { OutboxPortViolationError } from '../errors.ts';
import type { OutboxRecord, Publisher, PublishOutcome } from '../ports.ts';

/** What a publisher is tested with. Hooks that are missing leave out the cases that need them. */
export interface PublisherHarness {
  readonly publisher: Publisher;
  /** An empty topic, which exists. */
  readonly topic: string;
  /** Time limit of each call. Default: 2_000 ms; a broker on loopback needs no more. */
  readonly timeoutMs?: number;
  /** Everything in the topic, in order per key. */
  readonly read: () => Promise<readonly OutboxRecord[]>;
  /** The broker refuses the record with this id for its own sake. */
  readonly refuse?: (id: string) => void | Promise<void>;
  /** The broker stops answering; the returned function lets it answer again. */
  readonly stall?: () => Promise<() => void | Promise<void>>;
  /** The broker is away; the returned function brings it back. */
  readonly down?: () => Promise<() => void | Promise<void>>;
}

/** One case of the contract; `run` rejects with `OutboxPortViolationError` when the publisher breaks it. */
export interface ConformanceCase {
  /** Starts with the rule: `P2 …`. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const GRACE_MS = 1_000;

const timeoutOf = (harness: PublisherHarness): number => harness.timeoutMs ?? DEFAULT_TIMEOUT_MS;

const assert = (holds: boolean, what: string): void => {
  if (!holds) throw new OutboxPortViolationError({ what });
};

/** Ids that read as their place: `conformance-p2-3`. */
const recordsOf = (topic: string, rule: string, keys: readonly (string | null)[]): readonly OutboxRecord[] =>
  keys.map((key, index) => ({
    id: `conformance-${rule}-${index}`,
    topic,
    key,
    headers: { ce_id: `conformance-${rule}-${index}`, 'content-type': 'application/json' },
    value: JSON.stringify({ rule, index }),
  }));

const idsOf = (records: readonly OutboxRecord[]): readonly string[] =>
  records.map((record) => record.headers['ce_id'] ?? record.id);

const allOk = (outcomes: readonly PublishOutcome[], count: number): boolean =>
  outcomes.length === count && outcomes.every((outcome) => outcome.ok);

const acknowledged = async (harness: PublisherHarness): Promise<void> => {
  const { publisher, topic, read } = harness;
  const records = recordsOf(topic, 'p1', ['a', 'b', 'a', null, 'b']);
  const outcomes = await publisher.publishBatch(records, { timeoutMs: timeoutOf(harness) });
  assert(allOk(outcomes, records.length), 'P1: a healthy broker did not acknowledge every record');
  const ids = idsOf(await read());
  assert(
    records.every(({ id }) => ids.includes(id)),
    'P1: an acknowledged record is not in the log',
  );
  const [, , third] = records;
  assert(
    third !== undefined && ids.indexOf('conformance-p1-0') < ids.indexOf(third.id),
    'P1: a call reordered the records of a key',
  );
};

const unchanged = async (harness: PublisherHarness): Promise<void> => {
  const { publisher, topic, read } = harness;
  const values = ['{"text":"ä€😀 \\u0000"}', new Uint8Array([0, 255, 128, 10]), null];
  for (const [index, value] of values.entries()) {
    const record = {
      id: `conformance-p4-${index}`,
      topic,
      key: `Ключ ${index}`,
      headers: { ce_id: `conformance-p4-${index}`, x: 'é' },
      value,
    };
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that a failure names its value
    const outcome = await publisher.publish(record, { timeoutMs: timeoutOf(harness) });
    assert(outcome.ok, 'P4: a healthy broker did not acknowledge a record');
    // oxlint-disable-next-line no-await-in-loop -- as above
    const found = (await read()).find((logged) => logged.headers['ce_id'] === record.id);
    assert(found !== undefined, 'P4: an acknowledged record is not in the log');
    assert(found?.key === record.key, 'P4: the key did not arrive as it was given');
    assert(found?.headers['x'] === 'é', 'P4: a header did not arrive as it was given');
    assert(sameValue(found?.value ?? null, value), 'P4: the value did not arrive as it was given');
  }
};

const sameValue = (a: OutboxRecord['value'], b: OutboxRecord['value']): boolean =>
  a === null || b === null ? a === b : Buffer.from(a).equals(Buffer.from(b));

const prefix = async (harness: PublisherHarness, refuse: (id: string) => void | Promise<void>): Promise<void> => {
  const { publisher, topic, read } = harness;
  const records = recordsOf(topic, 'p2', ['p2-a', 'p2-b', 'p2-a', 'p2-b', 'p2-a']);
  await refuse('conformance-p2-2');
  const outcomes = await publisher.publishBatch(records, { timeoutMs: timeoutOf(harness) });
  const oks = outcomes.map((outcome) => outcome.ok);
  assert(
    oks[0] === true && oks[1] === true && oks[3] === true,
    'P2: a refused record took records with it that do not follow it in its key',
  );
  assert(oks[2] === false && oks[4] === false, 'P2: a refused record, or a successor of it, was acknowledged');
  const [, , refusedOutcome, , successor] = outcomes;
  assert(
    refusedOutcome?.ok === false && refusedOutcome.scope === 'record',
    "P2: a refusal for the record's own sake has not the scope record",
  );
  assert(
    successor?.ok === false && successor.outcome === 'not-sent',
    'P2: a successor of a failed record is not settled not-sent',
  );
  assert(!idsOf(await read()).includes('conformance-p2-4'), 'P2: a successor of a failed record is in the log');
};

const timeLimit = async (
  harness: PublisherHarness,
  stall: () => Promise<() => void | Promise<void>>,
): Promise<void> => {
  const { publisher, topic, read } = harness;
  const records = recordsOf(topic, 'p3', ['p3-a', 'p3-a', 'p3-b']);
  const release = await stall();
  const late = new Map<number, PublishOutcome>();
  let ended = false;
  const onSettled = (index: number, outcome: PublishOutcome): void => {
    if (ended) late.set(index, outcome);
  };
  const limited = Promise.race([
    publisher.publishBatch(records, { timeoutMs: timeoutOf(harness), onSettled }),
    sleep(timeoutOf(harness) + GRACE_MS),
  ]);
  const outcomes = await limited;
  ended = true;
  await release();
  assert(outcomes !== undefined, 'P3: a call did not end at its time limit');
  assert(outcomes?.length === records.length, 'P3: a record has no outcome at the time limit');
  const [next] = recordsOf(topic, 'p3-next', ['p3-a']);
  assert(
    next !== undefined && (await publisher.publish(next, { timeoutMs: 2 * timeoutOf(harness) })).ok,
    'P3: a broker that is back was not used',
  );
  const ids = idsOf(await read());
  const copy = ids.indexOf('conformance-p3-0');
  assert(
    copy === -1 || copy < ids.indexOf(next?.id ?? ''),
    'P3: a late copy landed behind a record of its key that was handed over afterwards',
  );
  for (const [index, outcome] of late)
    assert(!outcome.ok || ids.includes(records[index]?.id ?? ''), 'P3: a late truth is not true');
};

const neverRejects = async (
  harness: PublisherHarness,
  down: () => Promise<() => void | Promise<void>>,
): Promise<void> => {
  const { publisher, topic } = harness;
  const up = await down();
  try {
    const outcomes = await publisher.publishBatch(recordsOf(topic, 'p5', ['p5-a', 'p5-b']), {
      timeoutMs: timeoutOf(harness),
    });
    assert(
      outcomes.length === 2 && outcomes.every((outcome) => !outcome.ok),
      'P5: a record was acknowledged by a broker that is away',
    );
    assert(
      outcomes.every((outcome) => outcome.ok || outcome.scope === 'broker' || outcome.scope === 'lane'),
      'P5: a broker that is away counts as a fault of the record or the topic',
    );
  } catch (error) {
    if (error instanceof OutboxPortViolationError) throw error;
    throw new OutboxPortViolationError({ what: 'P5: the fate of records rejected the call' }, { cause: error });
  } finally {
    await up();
  }
};

/**
 * The contract of `Publisher` as cases for any test runner: `for (const c of publisherConformance(harness)) test(c.name, c.run)`. They
 * share the topic and run one after the other.
 */
export const publisherConformance = (harness: PublisherHarness): readonly ConformanceCase[] => {
  const { refuse, stall, down } = harness;
  const cases: ConformanceCase[] = [
    { name: 'P1 what is acknowledged is in the log, in order per key', run: () => acknowledged(harness) },
    { name: 'P4 key, headers and value go out as given', run: () => unchanged(harness) },
  ];
  if (refuse !== undefined && harness.publisher.keepsKeyPrefix)
    cases.push({
      name: 'P2 no successor of a failed record of a key is sent',
      run: () => prefix(harness, refuse),
    });
  if (stall !== undefined)
    cases.push({
      name: 'P3 every record has an outcome at the time limit',
      run: () => timeLimit(harness, stall),
    });
  if (down !== undefined)
    cases.push({
      name: 'P5 the fate of a record never rejects the call',
      run: () => neverRejects(harness, down),
    });
  return cases;
};
