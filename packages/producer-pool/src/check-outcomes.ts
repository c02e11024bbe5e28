/** Verdicts of connectivity checks that several of them give. */
import { connectAdvice } from './connect-advice.ts';
import type { CheckOutcome } from './connectivity-check.ts';
import type { HostPort, ProducerDriver } from './driver.ts';
import { AUTH_ERRORS, FAULTS, faultOfSystemCode } from './kafka-errors.ts';

/** What a probe found at each address. */
export interface Found {
  readonly address: string;
  readonly failed: boolean;
  /** The failure does not mend itself: encryption, not the network. */
  readonly settled: boolean;
  /** What is to be told, if anything. */
  readonly trouble: string | undefined;
}

/** Asks all addresses at the same time. */
export const probeAll = async (
  addresses: readonly HostPort[],
  probe: (address: HostPort) => Promise<string | undefined>,
): Promise<readonly Found[]> =>
  Promise.all(
    addresses.map(async (hostPort) => {
      const address = `${hostPort.host}:${hostPort.port}`;
      try {
        return { address, failed: false, settled: false, trouble: await probe(hostPort) };
      } catch (error) {
        const settled = faultOfSystemCode(codeOf(error)) === FAULTS.tls;
        return { address, failed: true, settled, trouble: connectAdvice(error) ?? String(error) };
      }
    }),
  );

const codeOf = (error: unknown): string => String(Reflect.get(Object(error), 'code'));

/** `host:port (reason)` of those that failed or warn. */
export const troubles = (found: readonly Found[]): readonly string[] =>
  found.flatMap(({ address, trouble }) => (trouble === undefined ? [] : [`${address} (${trouble})`]));

export const unreachable = (message: string, help: string): CheckOutcome => ({
  status: 'fail',
  message,
  help,
  category: 'unreachable',
});

/** What the driver's error means to whoever starts the service. */
export const refusedBy = (driver: ProducerDriver, error: unknown): CheckOutcome => {
  const { kafkaError = 'UNRECOGNIZED' } = driver.classify(error);
  const advice = connectAdvice(error);
  if (!AUTH_ERRORS.has(kafkaError))
    return unreachable(`the cluster does not answer: ${kafkaError}`, advice ?? 'check brokers, TLS and network');
  return {
    status: 'fail',
    message: `the cluster does not accept this client: ${kafkaError}`,
    help: advice ?? 'check credentials, certificates and ACLs',
    category: 'auth',
  };
};
