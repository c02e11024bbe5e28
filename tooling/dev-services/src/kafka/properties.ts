/** The configuration of the nodes, as text: pure, so that a golden test can show it. */

export interface NodePlace {
  readonly id: number;
  readonly ports: {
    /** Between brokers. */
    readonly internal: number;
    /** For clients. */
    readonly plain: number;
    readonly controller: number;
  };
}

const HOST = '127.0.0.1';

/** What a single node needs to be small, quick, and its own replica. */
const ONE_NODE: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

/** What three nodes need so that one may die. */
const THREE_NODES: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  'controlled.shutdown.enable': 'true',
};

const EVERY_NODE: Readonly<Record<string, string>> = {
  // A dead node is noticed, and one that was killed may come back, after three seconds instead of nine.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'num.partitions': '6',
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  'num.network.threads': '1',
  'num.io.threads': '2',
  'log.cleaner.dedupe.buffer.size': '4194304',
};

export interface NodeConfiguration {
  readonly node: NodePlace;
  /** All nodes, this one included: one or three. */
  readonly nodes: readonly NodePlace[];
  readonly dataFolder: string;
  /** On top of ours, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** `server.properties` of a node that is broker and controller. The voters are static: the one way that every Kafka 4 formats without flags. */
export const serverProperties = ({ node, nodes, dataFolder, settings }: NodeConfiguration): string => {
  const { internal, plain, controller } = node.ports;
  const entries: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes.map(({ id, ports }) => `${id}@${HOST}:${ports.controller}`).join(','),
    listeners: `INTERNAL://${HOST}:${internal},PLAIN://${HOST}:${plain},CONTROLLER://${HOST}:${controller}`,
    'advertised.listeners': `INTERNAL://${HOST}:${internal},PLAIN://${HOST}:${plain}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAIN:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': dataFolder.replaceAll('\\', '/'),
    ...EVERY_NODE,
    ...(nodes.length === 1 ? ONE_NODE : THREE_NODES),
    ...settings,
  };
  return `${Object.entries(entries)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
};

/** Where clients reach the nodes. */
export const brokerAddresses = (nodes: readonly NodePlace[]): readonly string[] =>
  nodes.map(({ ports }) => `${HOST}:${ports.plain}`);
