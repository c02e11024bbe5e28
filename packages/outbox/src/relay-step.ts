import type { BrokerGate } from './broker-gate.ts';
import { copyOrder, type KeyOrder } from './key-order.ts';
import type { ClaimedRow } from './record.ts';
import type {
  Fault,
  OpenCall,
  OpenWork,
  Park,
  RelayCommand,
  RelayNotice,
  RelayRules,
  RelayState,
} from './relay-protocol.ts';
import type { LeaseView } from './shard-balance.ts';
import type { Cadence } from './wake-up.ts';

/** The private working copy of one step of the relay: changed freely inside the step, while the state it came from stays as it was. */
export class RelayStep {
  phase: RelayState['phase'];
  paused: boolean;
  leases: LeaseView;
  readonly order: KeyOrder;
  gate: BrokerGate;
  readonly calls: Map<number, OpenCall>;
  cadence: Cadence;
  work: OpenWork | undefined;
  acks: ClaimedRow[];
  acksSinceMs: number;
  charges: Fault[];
  parks: Park[];
  database: RelayState['database'];
  illSinceMs: number | undefined;
  hidden: RelayState['hidden'];
  waiting: boolean;
  nextId: number;
  readonly commands: RelayCommand[] = [];
  readonly nowMs: number;
  readonly rules: RelayRules;

  constructor(state: RelayState, nowMs: number, rules: RelayRules) {
    this.phase = state.phase;
    this.paused = state.paused;
    this.leases = state.leases;
    this.order = copyOrder(state.order);
    this.gate = state.gate;
    this.calls = new Map(state.calls);
    this.cadence = state.cadence;
    this.work = state.work;
    this.acks = [...state.acks];
    this.acksSinceMs = state.acksSinceMs;
    this.charges = [...state.charges];
    this.parks = [...state.parks];
    this.database = state.database;
    this.illSinceMs = state.illSinceMs;
    this.hidden = state.hidden;
    this.waiting = state.waiting;
    this.nextId = state.nextId;
    this.nowMs = nowMs;
    this.rules = rules;
  }

  id(): number {
    this.nextId += 1;
    return this.nextId;
  }

  emit(notice: RelayNotice): void {
    this.commands.push({ kind: 'emit', notice });
  }

  finish(): RelayState {
    return {
      phase: this.phase,
      paused: this.paused,
      leases: this.leases,
      order: this.order,
      gate: this.gate,
      calls: this.calls,
      cadence: this.cadence,
      work: this.work,
      acks: this.acks,
      acksSinceMs: this.acksSinceMs,
      charges: this.charges,
      parks: this.parks,
      database: this.database,
      illSinceMs: this.illSinceMs,
      hidden: this.hidden,
      waiting: this.waiting,
      nextId: this.nextId,
    };
  }
}
