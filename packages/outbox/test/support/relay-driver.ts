import type { PublishOutcome } from '../../src/ports.ts';
import type { ClaimedRow } from '../../src/record.ts';
import type {
  PoisonAction,
  RelayCommand,
  RelayEvent,
  RelayNotice,
  RelayRules,
  RelayState,
} from '../../src/relay-protocol.ts';
import { initialRelay, nextRelay } from '../../src/relay-state.ts';
import { RULES } from './rows.ts';

type Kind = RelayCommand['kind'];

/** Drives the relay's core by hand: give an event, look at the commands that are open, answer them. */
export class RelayDriver {
  nowMs = 0;
  nextTickMs = 0;
  state: RelayState;
  readonly rules: RelayRules;
  readonly notices: RelayNotice[] = [];
  #open: RelayCommand[] = [];

  constructor(rules: Partial<RelayRules> = {}) {
    this.rules = { ...RULES, ...rules };
    this.state = initialRelay(0, this.rules);
  }

  give(event: RelayEvent): void {
    const step = nextRelay(this.state, event, { nowMs: this.nowMs, rules: this.rules });
    this.state = step.state;
    this.nextTickMs = step.nextTickMs;
    for (const command of step.commands) {
      if (command.kind === 'emit') this.notices.push(command.notice);
      else this.#open.push(command);
    }
  }

  tick(ms = 0): void {
    this.nowMs += ms;
    this.give({ kind: 'tick' });
  }

  /** Commands that wait for an answer. */
  open(): readonly Kind[] {
    return this.#open.map(({ kind }) => kind);
  }

  take<K extends Kind>(kind: K): Extract<RelayCommand, { kind: K }> {
    const isIt = (command: RelayCommand): command is Extract<RelayCommand, { kind: K }> => command.kind === kind;
    const found = this.#open.find(isIt);
    if (found === undefined) throw new Error(`no ${kind} is open, but ${this.open().join(', ')}`);
    this.#open = this.#open.filter((command) => command !== found);
    return found;
  }

  /** Starts and owns all shards. */
  own(shards: readonly number[] = Array.from({ length: 64 }, (_, shard) => shard)): void {
    this.give({ kind: 'tick' });
    this.take('renew');
    this.give({ kind: 'renewed', sentAtMs: this.nowMs, live: 1, present: 1, shards: [] });
    this.take('acquire');
    this.give({
      kind: 'acquired',
      sentAtMs: this.nowMs,
      shards: shards.map((shard) => ({ shard, epoch: '1', unclean: 0 })),
    });
  }

  /** Answers the open claim, or the next one that falls due. */
  claimed(rows: readonly ClaimedRow[], poison: PoisonAction = 'park'): void {
    if (!this.open().includes('claim')) this.tick(this.rules.poll.maxMs);
    this.give({ kind: 'rows', id: this.take('claim').id, rows, poison, random: 0 });
  }

  /** Ends the oldest open call. */
  settled(...outcomes: PublishOutcome[]): void {
    const { call } = this.take('send');
    this.give({ kind: 'settled', call, outcomes: outcomes.map((outcome, index) => ({ index, outcome })), ended: true });
  }

  acked(): readonly string[] {
    const { id, rows } = this.take('ack');
    this.give({ kind: 'acked', id });
    return rows.map(({ record }) => record.id);
  }

  /** Ids of the oldest open call. */
  sent(): readonly string[] {
    const found = this.#open.find((command) => command.kind === 'send');
    return found?.kind === 'send' ? found.rows.map(({ record }) => record.id) : [];
  }

  noted(event: RelayNotice['event']): readonly RelayNotice[] {
    return this.notices.filter((notice) => notice.event === event);
  }
}

export const OK: PublishOutcome = { ok: true };

/** A driver that owns all shards and has a claim open. */
export const started = (rules: ConstructorParameters<typeof RelayDriver>[0] = {}): RelayDriver => {
  const driver = new RelayDriver(rules);
  driver.own();
  return driver;
};
