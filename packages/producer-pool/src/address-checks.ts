import { probeAll, troubles, unreachable } from './check-outcomes.ts';
import type { CheckContext, CheckOutcome } from './connectivity-check.ts';
import type { HostPort } from './driver.ts';
import { dial, resolveName, secure } from './network-probe.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';

interface Question {
  readonly probe: (address: HostPort) => Promise<string | undefined>;
  /** What a broker did that passed. */
  readonly verb: string;
  readonly help: string;
}

/** The checks of the bootstrap addresses: name, connection, encryption. One that answers is enough; the others are told as a warning. */
export class AddressChecks {
  readonly #options: ResolvedProducerPoolOptions;

  constructor(options: ResolvedProducerPoolOptions) {
    this.#options = options;
  }

  dns({ signal }: CheckContext): Promise<CheckOutcome> {
    return this.#ask({
      probe: (address) => resolveName(address, signal),
      verb: 'resolved',
      help: 'check the names in brokers, and the name server',
    });
  }

  tcp({ signal }: CheckContext): Promise<CheckOutcome> {
    return this.#ask({
      probe: (address) => dial(address, signal),
      verb: 'reached',
      help: 'check that Kafka runs, the port, and the network in between',
    });
  }

  async tls({ signal }: CheckContext): Promise<CheckOutcome> {
    const { driver } = this.#options;
    if (driver.tls === undefined)
      return { status: 'skip', message: `driver ${driver.name} does not tell its encryption` };
    const tls = await driver.tls();
    return this.#ask({
      probe: (address) => secure(address, { tls, signal, nowMs: Date.now() }),
      verb: tls === undefined ? 'spoken to in plain text, as configured' : 'verified',
      help: 'check tls, and which listener the port belongs to',
    });
  }

  async #ask({ probe, verb, help }: Question): Promise<CheckOutcome> {
    const brokers = (await this.#options.driver.bootstrap?.()) ?? [];
    const found = await probeAll(brokers, probe);
    const failed = found.filter((one) => one.failed);
    const trouble = troubles(found);
    if (failed.length > 0 && failed.length === brokers.length) {
      const outcome = unreachable(`no bootstrap broker was ${verb}: ${trouble.join(', ')}`, help);
      // What a certificate or a protocol is the reason of does not mend itself.
      return failed.some(({ settled }) => settled) ? { ...outcome, category: 'auth' } : outcome;
    }
    const rest = trouble.length === 0 ? '' : `; but ${trouble.join(', ')}`;
    const message = `${brokers.length - failed.length} of ${brokers.length} bootstrap brokers ${verb}${rest}`;
    return { status: trouble.length === 0 ? 'pass' : 'warn', message };
  }
}
