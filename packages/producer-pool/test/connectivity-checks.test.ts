import { createServer } from 'node:net';

import { testCertificates } from '@busbar-tooling/dev-services';
import { afterEach, describe, expect, test } from 'vitest';

import type { HostPort, ProducerDriver, SocketTls } from '../src/index.ts';
import { FAULTS } from '../src/kafka-errors.ts';
import { secure } from '../src/network-probe.ts';
import { type FakeClusterOptions, memoryDriver, startFakeCluster } from '../src/testing/index.ts';
import { driverAt, outcomeOf } from './checked-driver.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

const fakeBroker = async (o: FakeClusterOptions = {}): Promise<HostPort> => {
  const cluster = await startFakeCluster({ brokers: 1, ...o });
  ends.push(() => cluster[Symbol.asyncDispose]());
  const port = Number(cluster.bootstrap[0]?.split(':')[1]);
  return { host: '127.0.0.1', port };
};

const NOBODY: HostPort = { host: '127.0.0.1', port: 1 };
const NOWHERE: HostPort = { host: 'kafka.invalid', port: 9092 };

describe('R-KP-5 names and connections', () => {
  test('R-KP-5 all answer: pass; some: warn, and which not; none: unreachable', async () => {
    const broker = await fakeBroker();
    expect(await outcomeOf(driverAt([broker]), 'dns')).toEqual({
      status: 'pass',
      message: '1 of 1 bootstrap brokers resolved',
    });
    expect(await outcomeOf(driverAt([broker]), 'tcp')).toMatchObject({ status: 'pass' });
    expect(await outcomeOf(driverAt([broker, NOBODY]), 'tcp')).toEqual({
      status: 'warn',
      message: `1 of 2 bootstrap brokers reached; but 127.0.0.1:1 (nobody listens there: check brokers, and that Kafka runs)`,
    });
    const impossible = await outcomeOf(driverAt([{ host: '127.0.0.1', port: 70_000 }]), 'tcp');
    expect(impossible.message).toContain('127.0.0.1:70000 (RangeError');
    expect(await outcomeOf(driverAt([NOBODY]), 'tcp')).toMatchObject({ status: 'fail', category: 'unreachable' });
    expect(await outcomeOf(driverAt([NOWHERE]), 'dns')).toMatchObject({
      status: 'fail',
      category: 'unreachable',
      help: 'check the names in brokers, and the name server',
    });
  });

  test('R-KP-5 a driver without addresses has none to look at', async () => {
    const driver = memoryDriver();
    expect(await outcomeOf(driver, 'dns')).toMatchObject({ status: 'pass' });
    expect(await outcomeOf(driver, 'tls')).toMatchObject({ status: 'skip' });
    expect(await outcomeOf(driver, 'cluster')).toMatchObject({ status: 'pass', data: { brokers: 1 } });
  });
});

describe('R-KP-5 encryption', () => {
  const certificates = testCertificates();
  const trusting: SocketTls = { ca: certificates.ca };

  test('R-KP-5 a certificate that holds passes; one that ends within two weeks warns', async () => {
    const broker = await fakeBroker({ tls: certificates.server });
    const outcome = await outcomeOf(driverAt([broker], trusting), 'tls');
    expect(outcome.status).toBe('warn');
    expect(outcome.message).toMatch(
      /^1 of 1 bootstrap brokers verified; but .* \(its certificate ends in [89] days\)$/,
    );
  });

  test('R-KP-5 allowInsecure is told, and so is the name that the options give', async () => {
    const broker = await fakeBroker({ tls: certificates.server });
    const tls = { rejectUnauthorized: false, servername: 'localhost' };
    expect((await outcomeOf(driverAt([broker], tls), 'tls')).message).toContain('not verified');
    const named = { host: 'localhost', port: broker.port };
    expect((await outcomeOf(driverAt([named], trusting), 'tls')).message).toContain('ends in');
  });

  test('R-KP-5 a certificate that holds for long is nothing to tell', async () => {
    const broker = await fakeBroker({ tls: certificates.server });
    const nowMs = Date.now() - 10 * 86_400_000;
    expect(await secure(broker, { tls: trusting, signal: AbortSignal.timeout(10_000), nowMs })).toBeUndefined();
  });

  test.each([
    {
      what: 'an unknown authority',
      certificate: certificates.server,
      tls: { ca: certificates.otherCa },
      text: 'signed by nobody whom this process trusts',
    },
    { what: 'a wrong name', certificate: certificates.wrongHost, tls: trusting, text: 'is for another host' },
    { what: 'an expired certificate', certificate: certificates.expired, tls: trusting, text: 'has expired' },
  ])('R-KP-5 $what is told as such and is not a matter of time', async ({ certificate, tls, text }) => {
    const broker = await fakeBroker({ tls: certificate });
    const outcome = await outcomeOf(driverAt([broker], tls), 'tls');
    expect(outcome).toMatchObject({ status: 'fail', category: 'auth' });
    expect(outcome.message).toContain(text);
  });

  test('R-KP-5 plain text where the broker speaks TLS, and TLS where it does not', async () => {
    const encrypted = await fakeBroker({ tls: certificates.server });
    const plain = await fakeBroker();
    expect((await outcomeOf(driverAt([encrypted]), 'tls')).message).toContain('speaks TLS only');
    expect((await outcomeOf(driverAt([plain], trusting), 'tls')).message).toContain('does not speak TLS');
    expect(await outcomeOf(driverAt([plain]), 'tls')).toEqual({
      status: 'pass',
      message: '1 of 1 bootstrap brokers spoken to in plain text, as configured',
    });
  });

  test('R-KP-5 an alert of TLS is one, also from a broker that says it before it closes', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 10]));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ends.push(async () => server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const outcome = await outcomeOf(driverAt([{ host: '127.0.0.1', port }]), 'tls');
    expect(outcome.message).toContain('speaks TLS only');
  });
});

const rejecting = (reason: Error) => (): Promise<never> => Promise.reject(reason);

class Refusal extends Error {
  readonly fault = FAULTS.sasl;
}

describe('R-KP-5 the cluster', () => {
  const refusing = (error: Error): ProducerDriver => ({
    ...driverAt([]),
    metadata: rejecting(error),
    topicConfigs: rejecting(error),
    classify: (value) => (value instanceof Refusal ? value.fault : FAULTS.notConnected),
  });

  test('R-KP-5 it accepts the client: with its latency', async () => {
    const outcome = await outcomeOf(driverAt([]), 'auth');
    expect(outcome.status).toBe('pass');
    expect(outcome.data?.['latencyMs']).toBeTypeOf('number');
  });

  test.each(['auth', 'cluster', 'topic'])('R-KP-5 %s: a client that is refused is not a matter of time', async (id) => {
    const o = { topics: ['events'] };
    const refused = await outcomeOf(refusing(new Refusal('SASL authentication failed')), id, o);
    expect(refused).toMatchObject({
      status: 'fail',
      category: 'auth',
      message: 'the cluster does not accept this client: SASL_AUTHENTICATION_FAILED',
    });
    expect(refused.help).toContain('correct sasl');
    expect(await outcomeOf(refusing(new Error('gone')), id, o)).toMatchObject({
      status: 'fail',
      category: 'unreachable',
      help: 'check brokers, TLS and network',
    });
    expect((await outcomeOf(refusing(new Refusal('no')), id, o)).help).toBe('check credentials, certificates and ACLs');
  });

  test('R-KP-5 an advertised address that leads nowhere from here fails, whatever the bootstrap address does', async () => {
    const broker = await fakeBroker();
    const answer = (addresses: readonly HostPort[]) => () =>
      Promise.resolve({ brokers: addresses.map((at, index) => ({ id: index + 1, ...at })), topics: new Map() });
    const advertising = (addresses: readonly HostPort[], own: Partial<ProducerDriver> = {}): ProducerDriver => ({
      ...driverAt([broker]),
      metadata: answer(addresses),
      ...own,
    });
    expect(await outcomeOf(advertising([broker, broker]), 'cluster')).toMatchObject({
      status: 'pass',
      message: '2 brokers answer',
    });
    const outcome = await outcomeOf(advertising([broker, NOBODY]), 'cluster');
    expect(outcome).toMatchObject({ status: 'fail', category: 'unreachable' });
    expect(outcome.message).toContain('127.0.0.1:1 (nobody listens there');
    expect((await outcomeOf(advertising([NOWHERE]), 'cluster')).message).toContain('kafka.invalid:9092');
    const silent = { ...memoryDriver(), bootstrap: () => Promise.resolve([broker]), metadata: answer([broker]) };
    expect(await outcomeOf(silent, 'cluster')).toMatchObject({ status: 'pass' });
    const { server, ca } = testCertificates();
    const soon = await fakeBroker({ tls: server });
    const warned = await outcomeOf(advertising([soon], { tls: () => Promise.resolve({ ca }) }), 'cluster');
    expect(warned).toMatchObject({ status: 'warn' });
    expect(warned.message).toMatch(/^1 brokers answer; but .*ends in/);
  });
});
