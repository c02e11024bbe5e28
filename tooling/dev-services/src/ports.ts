/**
 * Ports for servers that die and come back. They are taken from below the system's ephemeral range: there a server that is down can lose
 * its port to an outgoing connection, and a client that keeps trying a dead port can connect to itself (TCP simultaneous open).
 *
 * A port belongs to a run from the moment its reservation file exists until the run ends or gives it back, also while nothing listens on
 * it, so that two runs on one machine never choose the same one.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { DevServiceError } from './errors.ts';
import { baseFolder, releaseReservation, type Run } from './run-folder.ts';

const MAX_PROBES = 2_000;

/** The ten thousand ports to choose from: 20000–29999, or those just below an ephemeral range that starts earlier. */
export const portRange = (ephemeralRange: string): { from: number; to: number } => {
  const low = Number(ephemeralRange.trim().split(/\s+/)[0]);
  const to = Number.isInteger(low) && low > 1_024 ? Math.min(29_999, low - 1) : 29_999;
  return { from: Math.max(1_024, to - 9_999), to };
};

const systemRange = (): { from: number; to: number } => {
  try {
    return portRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'));
  } catch {
    return portRange(''); // not Linux: ephemeral ports start at 49152
  }
};

/** Whether nobody listens on the port, on loopback or on all addresses. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });

const reserve = (run: Run, port: number): boolean => {
  const record = join(run.folder, 'ports', String(port));
  writeFileSync(record, ''); // first: a reservation without a record would be kept for ever
  try {
    writeFileSync(join(baseFolder(), 'ports', String(port)), run.id, { flag: 'wx' });
    return true;
  } catch {
    rmSync(record, { force: true }); // EEXIST: another run's port
    return false;
  }
};

export interface PortSource {
  readonly isFree: (port: number) => Promise<boolean>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Reserves free ports for a run. @throws {DevServiceError} PORTS_EXHAUSTED when none is found after 2 000 probes. */
export const reservePorts = async (
  run: Run,
  count: number,
  source: PortSource = { isFree, random: Math.random },
): Promise<readonly number[]> => {
  mkdirSync(join(baseFolder(), 'ports'), { recursive: true });
  const { from, to } = systemRange();
  const size = to - from + 1;
  const start = Math.floor(source.random() * size);
  const ports: number[] = [];
  for (let probe = 0; probe < Math.min(MAX_PROBES, size) && ports.length < count; probe += 1) {
    const port = from + ((start + probe) % size);
    if (!reserve(run, port)) continue;
    // oxlint-disable-next-line no-await-in-loop -- one probe at a time, until enough are found
    if (await source.isFree(port)) ports.push(port);
    else releasePorts(run, [port]);
  }
  if (ports.length === count) return ports;
  releasePorts(run, ports);
  throw new DevServiceError('PORTS_EXHAUSTED', {
    service: 'ports',
    reason: `no ${count} free ports between ${from} and ${to}`,
    help: `If no test is running, delete ${join(baseFolder(), 'ports')}.`,
  });
};

/** Gives ports of a run back. */
export const releasePorts = (run: Run, ports: readonly number[]): void => {
  for (const port of ports) {
    releaseReservation(join(baseFolder(), 'ports', String(port)), run.id);
    rmSync(join(run.folder, 'ports', String(port)), { force: true });
  }
};
