/**
 * The rules of the driver port, tried on a driver: row by row, with plain and with idempotent producers. A driver that claims a capability
 * whose row it fails is not one. Chaos (DC-22) is the pool's own test.
 */
import type { KafkaConnectionOptions } from '../../connection.ts';
import type { ProducerDriver } from '../../driver.ts';
import type { ConformanceCluster } from './cluster.ts';
import { faultRows } from './fault-rows.ts';
import { lifeRows } from './life-rows.ts';
import { recordRows } from './record-rows.ts';
import type { Row } from './row.ts';
import { Session } from './session.ts';

export interface DriverConformanceOptions {
  /** Registers a test: `test` of vitest or of `node:test`. Rows with timeouts take up to 20 s. */
  readonly test: (title: string, run: () => Promise<void>) => unknown;
  /** A new driver each time. */
  readonly driver: (connection: KafkaConnectionOptions) => ProducerDriver;
  /** Asked by each row when it runs, and closed by whoever made it. */
  readonly cluster: () => Promise<ConformanceCluster>;
  /** Which rows. Default: all. A row whose fault the cluster does not have fails. */
  readonly rows?: readonly string[];
  /** Default: both. */
  readonly idempotent?: readonly boolean[];
}

const ROWS: readonly Row[] = [...recordRows, ...lifeRows, ...faultRows].toSorted(
  (a, b) => Number(a.id.slice(3)) - Number(b.id.slice(3)),
);

/** `DC-1` … `DC-21`. */
export const conformanceRowIds: readonly string[] = ROWS.map(({ id }) => id);

const runRow = async (row: Row, o: DriverConformanceOptions, idempotent: boolean): Promise<void> => {
  await using session = new Session({ cluster: await o.cluster(), driver: o.driver, idempotent });
  await row.run(session);
};

/** Registers a test for each row and kind of producer, titled `R-KP-6 DC-n …`. */
export const describeDriverConformance = (o: DriverConformanceOptions): void => {
  const kinds = o.idempotent ?? [true, false];
  for (const row of ROWS) {
    if (o.rows !== undefined && !o.rows.includes(row.id)) continue;
    for (const idempotent of row.once === true ? kinds.slice(0, 1) : kinds) {
      const kind = idempotent ? 'idempotent' : 'plain';
      o.test(`R-KP-6 ${row.id} ${row.title} (${kind})`, () => runRow(row, o, idempotent));
    }
  }
};
