/**
 * The way to a server: the targets in order, all addresses of each, one after the other, until one takes the login and is what is wanted. All of them
 * share the time of one connect, each at most its part of what is left, so that a machine that does not answer leaves time for the next one. What
 * another server would refuse as well (a wrong password, a certificate that does not fit) ends the search.
 */
import { lookup } from 'node:dns/promises';

import { ConnectError, NoTargetError } from './connect-errors.ts';
import { connectFailure } from './connect-failure.ts';
import type { PostgresError } from './errors.ts';
import type { PhaseClock } from './lifecycle.ts';
import { OpenAttempt } from './open-attempt.ts';
import type { OpenedClient } from './opener.ts';
import { ServerLogin, type ServerLoginSettings } from './server-login.ts';
import {
  candidatesOf,
  Unreachable,
  type Candidate,
  type Place,
  type Target,
  type TargetSessionAttrs,
} from './targets.ts';

export type { OpenAttempt } from './open-attempt.ts';
export type { OpenedClient } from './opener.ts';

export interface ConnectorSettings extends ServerLoginSettings {
  readonly targets: readonly [Target, ...Target[]];
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly pool: { readonly connectTimeoutMs: number };
}

/** The addresses that a name stands for, in the order of the resolver. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const systemAddresses: Resolve = async (host) => {
  if (host.startsWith('/')) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
};

/** Called once; an attempt that failed is over, and its socket closed. */
export type OnOpened = (error: unknown, opened?: OpenedClient) => void;

const keyOf = ({ host, port }: Target): string => `${host}:${port}`;
const addressKey = ({ address, port }: Place): string => `${address}:${port}`;

export class Connector {
  readonly #settings: ConnectorSettings;
  readonly #resolve: Resolve;
  readonly #login: ServerLogin;
  readonly #unreachable = new Unreachable();

  constructor(settings: ConnectorSettings, resolve: Resolve = systemAddresses) {
    this.#settings = settings;
    this.#resolve = resolve;
    this.#login = new ServerLogin(settings);
  }

  /** The end of each step is told to `steps`; the first one includes what was tried in vain. */
  open(steps: PhaseClock, done: OnOpened): OpenAttempt {
    const attempt = new OpenAttempt(steps, this.#settings.targets[0]);
    void this.#tell(attempt, done);
    return attempt;
  }

  async #tell(attempt: OpenAttempt, done: OnOpened): Promise<void> {
    let opened: OpenedClient;
    try {
      opened = await this.#search(attempt);
    } catch (error) {
      done(error);
      return;
    }
    done(undefined, opened);
  }

  async #search(attempt: OpenAttempt): Promise<OpenedClient> {
    const { targets, targetSessionAttrs, clock, pool } = this.#settings;
    const candidates = candidatesOf(this.#unreachable.last(targets, clock.now(), keyOf), targetSessionAttrs);
    const deadlineMs = attempt.steps.startedAtMs + pool.connectTimeoutMs;
    const failures: PostgresError[] = [];
    for (const [index, candidate] of candidates.entries()) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- in order
        return await this.#searchAt(candidate, attempt, this.#share(deadlineMs, candidates.length - index));
      } catch (error) {
        const failure = this.#goOn(error, attempt, keyOf(candidate.target));
        if (targets.length === 1 && index === candidates.length - 1) throw failure;
        failures.push(failure);
      }
    }
    throw this.#none(attempt, failures);
  }

  async #searchAt({ target, wanted }: Candidate, attempt: OpenAttempt, deadlineMs: number): Promise<OpenedClient> {
    const { host, port } = target;
    attempt.place = target;
    const places = (await attempt.wait(this.#resolve(host))).map((address) => ({ host, port, address }));
    const ordered = this.#unreachable.last(places, this.#settings.clock.now(), addressKey);
    let failure: PostgresError = new ConnectError({ ...this.#where(attempt), reason: 'ENODATA' });
    for (const [index, place] of ordered.entries()) {
      const untilMs = this.#share(deadlineMs, ordered.length - index);
      try {
        // oxlint-disable-next-line no-await-in-loop -- in order
        const opened = await this.#login.at(attempt, { place, wanted, untilMs });
        this.#unreachable.clear(keyOf(target));
        this.#unreachable.clear(addressKey(place));
        return opened;
      } catch (error) {
        failure = this.#goOn(error, attempt, addressKey(place));
      }
    }
    throw failure;
  }

  /** Until when the next of `count` may take, of the time that is left. */
  #share(deadlineMs: number, count: number): number {
    const nowMs = this.#settings.clock.now();
    return nowMs + (deadlineMs - nowMs) / count;
  }

  /** Takes note of a failure behind which another try is worth it; throws it otherwise. */
  #goOn(error: unknown, attempt: OpenAttempt, key: string): PostgresError {
    const failure = connectFailure(error, this.#where(attempt));
    if (attempt.isAborted || !failure.retryable) throw failure;
    if (!(failure instanceof NoTargetError)) this.#unreachable.note(key, this.#settings.clock.now());
    return failure;
  }

  #none(attempt: OpenAttempt, failures: readonly PostgresError[]): NoTargetError {
    const { targets, targetSessionAttrs: wanted } = this.#settings;
    const cause = new AggregateError(failures, 'each server refused, or is something else');
    return new NoTargetError({ ...this.#where(attempt), ...targets[0], wanted, servers: targets.length }, { cause });
  }

  #where({ place: { host, port }, steps }: OpenAttempt): { host: string; port: number; elapsedMs: number } {
    return { host, port, elapsedMs: this.#settings.clock.now() - steps.startedAtMs };
  }
}
