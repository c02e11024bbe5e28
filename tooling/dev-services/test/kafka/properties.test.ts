import { expect, test } from 'vitest';

import { brokerAddresses, type NodePlace, serverProperties } from '../../src/kafka/properties.ts';
import { testCertificates } from '../../src/tls/certificates.ts';

const place = (id: number) => ({ id, ports: { internal: 20_000 + id, plain: 20_010 + id, controller: 20_020 + id } });

test('one node is broker and controller and its own replica', () => {
  const node = place(1);
  expect(serverProperties({ node, nodes: [node], dataFolder: '/run/data' })).toMatchInlineSnapshot(`
    "process.roles=broker,controller
    node.id=1
    controller.quorum.voters=1@127.0.0.1:20021
    listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011,CONTROLLER://127.0.0.1:20021
    advertised.listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011
    inter.broker.listener.name=INTERNAL
    listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAIN:PLAINTEXT
    controller.listener.names=CONTROLLER
    log.dirs=/run/data
    broker.session.timeout.ms=3000
    broker.heartbeat.interval.ms=500
    num.partitions=6
    auto.create.topics.enable=false
    offsets.topic.num.partitions=1
    transaction.state.log.num.partitions=1
    group.initial.rebalance.delay.ms=0
    num.network.threads=1
    num.io.threads=2
    log.cleaner.dedupe.buffer.size=4194304
    offsets.topic.replication.factor=1
    transaction.state.log.replication.factor=1
    transaction.state.log.min.isr=1
    share.coordinator.state.topic.replication.factor=1
    share.coordinator.state.topic.min.isr=1
    "
  `);
});

test('three nodes know each other, keep three replicas and need two of them', () => {
  const nodes = [place(1), place(2), place(3)];
  const text = serverProperties({
    node: place(2),
    nodes,
    dataFolder: 'C:\\run\\data',
    settings: { 'num.partitions': '1' },
  });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'node.id=2',
      'controller.quorum.voters=1@127.0.0.1:20021,2@127.0.0.1:20022,3@127.0.0.1:20023',
      'listeners=INTERNAL://127.0.0.1:20002,PLAIN://127.0.0.1:20012,CONTROLLER://127.0.0.1:20022',
      'log.dirs=C:/run/data',
      'num.partitions=1',
      'default.replication.factor=3',
      'min.insync.replicas=2',
    ]),
  );
  expect(brokerAddresses(nodes)).toEqual(['127.0.0.1:20011', '127.0.0.1:20012', '127.0.0.1:20013']);
});

test('an isolated controller is a node of its own, and the only voter', () => {
  const broker = { id: 1, ports: { internal: 20_001, plain: 20_011 } };
  const controller = { id: 100, ports: { controller: 20_021 } };
  const nodes = [broker, controller];
  const linesOf = (node: NodePlace) => serverProperties({ node, nodes, dataFolder: '/run/data' }).split('\n');
  expect(linesOf(broker)).toEqual(
    expect.arrayContaining([
      'process.roles=broker',
      'controller.quorum.voters=100@127.0.0.1:20021',
      'listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011',
    ]),
  );
  expect(linesOf(controller)).toEqual(
    expect.arrayContaining(['process.roles=controller', 'listeners=CONTROLLER://127.0.0.1:20021']),
  );
  expect(linesOf(controller).join()).not.toContain('advertised');
});

test('a proxy is what clients are sent to, and a certificate stands on one line', () => {
  const ports = { internal: 20_001, plain: 20_011, controller: 20_021, proxied: 20_031, tls: 20_041 };
  const node = { id: 1, ports, proxyPort: 20_051 };
  const certificates = testCertificates();
  const lines = serverProperties({ node, nodes: [node], dataFolder: '/run/data', certificates }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'advertised.listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011,PROXIED://127.0.0.1:20051,TLS://127.0.0.1:20041',
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,TLS:SSL',
      `listener.name.tls.ssl.keystore.certificate.chain=${certificates.server.cert.replaceAll('\n', String.raw`\n`)}`,
    ]),
  );
  expect(brokerAddresses([node], 'proxied')).toEqual(['127.0.0.1:20051']);
  expect(brokerAddresses([node], 'sasl')).toEqual([]);
});
