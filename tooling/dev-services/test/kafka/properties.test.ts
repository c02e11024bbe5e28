import { expect, test } from 'vitest';

import { brokerAddresses, serverProperties } from '../../src/kafka/properties.ts';

const place = (id: number) => ({ id, ports: { internal: 20_000 + id, plain: 20_010 + id, controller: 20_020 + id } });

test('one node is broker and controller and its own replica', () => {
  const node = place(1);
  expect(serverProperties({ node, nodes: [node], dataFolder: '/run/data' })).toMatchInlineSnapshot(`
    "process.roles=broker,controller
    node.id=1
    controller.quorum.voters=1@127.0.0.1:20021
    listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011,CONTROLLER://127.0.0.1:20021
    advertised.listeners=INTERNAL://127.0.0.1:20001,PLAIN://127.0.0.1:20011
    listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAIN:PLAINTEXT
    controller.listener.names=CONTROLLER
    inter.broker.listener.name=INTERNAL
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
