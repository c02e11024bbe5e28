/** One connection to a fake broker: frames in, answers out, strictly one after the other, as a real broker serves a connection. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { FrameReader } from '../../frame-reader.ts';
import { UNSUPPORTED_VERSION } from '../../kafka-errors.ts';
import { API_VERSIONS_KEY, servedApi, type ServedApi } from './api-table.ts';
import type { FaultPlan, PlannedEffect } from './faults.ts';
import type { Journal } from './journal.ts';
import { type FakeCredentials, ILLEGAL_SASL_STATE, SaslSession } from './sasl.ts';
import type { ServedRequest } from './served-request.ts';
import type { Topology } from './topology.ts';
import { WireError, WireReader, WireWriter } from './wire.ts';

const LENGTH_BYTES = 4;

/** What the connections of a cluster share. */
export interface ClusterState {
  readonly topology: Topology;
  readonly journal: Journal;
  readonly faults: FaultPlan;
  readonly now: () => number;
  readonly closing: AbortSignal;
  /** Without them nobody has to authenticate. */
  credentials: FakeCredentials | undefined;
}

/** What connections need of their broker. */
export interface BrokerPort {
  readonly id: number;
  /** Resolves when the broker does not hang (any more). */
  responsive(): Promise<void>;
}

interface Request {
  readonly api: ServedApi;
  readonly version: number;
  readonly correlationId: number;
  readonly served: ServedRequest;
}

interface Reply extends Pick<Request, 'api' | 'version' | 'correlationId'> {
  readonly write: (writer: WireWriter) => void;
}

const NEEDS_NO_LOGIN = new Set(['ApiVersions', 'SaslAuthenticate', 'SaslHandshake']);

const frame = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

export class Connection {
  readonly #socket: Socket;
  readonly #state: ClusterState;
  readonly #broker: BrokerPort;
  readonly #sasl: SaslSession;
  readonly #frames = new FrameReader();
  #served: Promise<void> = Promise.resolve();

  constructor(socket: Socket, state: ClusterState, broker: BrokerPort) {
    this.#socket = socket;
    this.#state = state;
    this.#broker = broker;
    this.#sasl = new SaslSession(() => state.credentials);
    socket.setNoDelay(true);
    // A client that cuts its connection is an everyday event here.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
  }

  #read(chunk: Buffer): void {
    try {
      for (const received of this.#frames.push(chunk))
        this.#served = this.#served.then(() => this.#serve(received.subarray(LENGTH_BYTES)));
    } catch {
      // A length that no frame has: nothing behind it can be read.
      this.#socket.destroy();
    }
  }

  /** Never rejects: what cannot be served ends the connection. */
  async #serve(body: Buffer): Promise<void> {
    // Requests behind one that outlived the connection were never read.
    if (this.#socket.destroyed) return;
    try {
      await this.#broker.responsive();
      const request = this.#parse(body);
      if (request !== undefined) await this.#answer(request);
    } catch (error) {
      this.#socket.destroy();
      // Anything else comes from what a test put into a fault.
      if (!(error instanceof WireError) && !this.#state.closing.aborted) this.#state.journal.failed(error);
    }
  }

  /** undefined when it was answered already. */
  #parse(body: Buffer): Request | undefined {
    const reader = new WireReader(body);
    const [key, version, correlationId] = [reader.int16(), reader.int16(), reader.int32()];
    const api = servedApi(key, version);
    if (api === undefined) {
      if (key !== API_VERSIONS_KEY) throw new WireError(`API ${key} version ${version} is not served`);
      // In the form of version 0, which every client reads.
      this.#write(new WireWriter().int32(correlationId).int16(UNSUPPORTED_VERSION).int32(0).end());
      return undefined;
    }
    reader.nullableString();
    reader.flexible = version >= api.flexibleFrom;
    reader.tags();
    return { api, version, correlationId, served: api.read(reader, version) };
  }

  async #answer({ api, version, correlationId, served }: Request): Promise<void> {
    if (!this.#sasl.isAuthenticated && !NEEDS_NO_LOGIN.has(api.name))
      throw new WireError(`error ${ILLEGAL_SASL_STATE}: ${api.name} before authentication`);
    const { journal, topology, faults } = this.#state;
    const seen = { api: api.name, version, broker: this.#broker.id, targets: served.targets };
    journal.saw(seen);
    served.arrived?.(journal);
    const effect = faults.effectOn(seen);
    if (effect?.hold === 'before') await this.#hold(effect);
    const nowMs = this.#state.now();
    const context = { topology, journal, sasl: this.#sasl, brokerId: this.#broker.id, effect, nowMs };
    const write = served.run(context);
    effect?.afterwards?.();
    if (effect?.hold === 'after') await this.#hold(effect);
    await this.#broker.responsive();
    if (write !== undefined) this.#reply({ api, version, correlationId, write }, effect);
  }

  #reply({ api, version, correlationId, write }: Reply, effect: PlannedEffect | undefined): void {
    if (effect?.answer === 'never') return;
    if (effect?.answer === 'drop') {
      this.#socket.destroy();
      return;
    }
    const writer = new WireWriter(version >= api.flexibleFrom).int32(correlationId);
    // Its answer has the header of old, so that a client may read it before it knows the broker.
    if (api.key !== API_VERSIONS_KEY) writer.tags();
    write(writer);
    this.#send(writer.end(), effect);
  }

  async #hold({ holdMs, released }: PlannedEffect): Promise<void> {
    await (holdMs === undefined ? released : sleep(holdMs, undefined, { signal: this.#state.closing }));
  }

  #send(body: Buffer, effect: PlannedEffect | undefined): void {
    if (effect?.answer === 'half' || effect?.answer === 'cut') {
      const whole = frame(body);
      this.#socket.write(whole.subarray(0, Math.ceil(whole.length / 2)));
      if (effect.answer === 'cut') this.#socket.end();
      return;
    }
    // The correlation id stays: noise that belongs to no request would be found at once.
    this.#write(effect?.answer === 'garbled' ? Buffer.concat([body.subarray(0, 4), Buffer.alloc(8, 0xff)]) : body);
  }

  #write(body: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(frame(body));
  }
}
