/** The contract between the connection of a broker and its APIs, one of which reads a request and carries it out. */
import type { PlannedEffect, RequestTarget } from './faults.ts';
import type { Journal } from './journal.ts';
import type { SaslSession } from './sasl.ts';
import type { Topology } from './topology.ts';
import type { WireReader, WireWriter } from './wire.ts';

export interface ServingContext {
  readonly topology: Topology;
  readonly journal: Journal;
  readonly sasl: SaslSession;
  readonly brokerId: number;
  readonly effect: PlannedEffect | undefined;
  readonly nowMs: number;
}

/** A request that was read and waits to be carried out. */
export interface ServedRequest {
  readonly targets: readonly RequestTarget[];
  /** Called at once, before anything holds the request. */
  arrived?(journal: Journal): void;
  /** Carries it out; the function returned writes the answer, undefined where the client wants none. */
  run(context: ServingContext): ((writer: WireWriter) => void) | undefined;
}

export type RequestReader = (reader: WireReader, version: number) => ServedRequest;
