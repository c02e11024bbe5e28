/** The configuration of the nodes, as text: pure, so that a golden test can show it. */
import type { TestCertificates } from '../tls/certificates.ts';
import { type KafkaListener, listenerName, listenerSettings, protocolOf, type SecureListener } from './listeners.ts';

export interface NodePlace {
  readonly id: number;
  readonly ports: {
    /** Of a node that may be the controller. */
    readonly controller?: number;
    /** Of a broker, for other brokers. */
    readonly internal?: number;
  } & Readonly<Partial<Record<KafkaListener, number>>>;
  /** Where the proxy before `proxied` listens. */
  readonly proxyPort?: number;
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
  /** All nodes, this one included: one or three brokers, and perhaps a controller. */
  readonly nodes: readonly NodePlace[];
  readonly dataFolder: string;
  /** For the listeners that need them. */
  readonly certificates?: TestCertificates;
  /** On top of ours, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const LISTENERS: readonly KafkaListener[] = ['plain', 'proxied', 'tls', 'mutual-tls', 'expired', 'wrong-host', 'sasl'];
const SECURE: readonly SecureListener[] = ['tls', 'mutual-tls', 'expired', 'wrong-host', 'sasl'];

export const isBroker = ({ ports }: NodePlace): boolean => ports.internal !== undefined;
const mayControl = ({ ports }: NodePlace): boolean => ports.controller !== undefined;

/** Where a node listens, and what it tells clients: the proxy's port for the proxied one. */
const addressSettings = (node: NodePlace): Readonly<Record<string, string>> => {
  const { ports, proxyPort } = node;
  const own = LISTENERS.flatMap((listener) => {
    const port = ports[listener];
    return port === undefined ? [] : [{ listener, port }];
  });
  const controller = mayControl(node) ? [`CONTROLLER://${HOST}:${ports.controller}`] : [];
  const internal = isBroker(node) ? [`INTERNAL://${HOST}:${ports.internal}`] : [];
  const doors = own.map(({ listener, port }) => `${listenerName(listener)}://${HOST}:${port}`);
  const told = own.map(
    ({ listener, port }) =>
      `${listenerName(listener)}://${HOST}:${listener === 'proxied' ? (proxyPort ?? port) : port}`,
  );
  const protocols = own.map(({ listener }) => `${listenerName(listener)}:${protocolOf(listener)}`);
  return {
    listeners: [...internal, ...doors, ...controller].join(','),
    ...(isBroker(node)
      ? { 'advertised.listeners': [...internal, ...told].join(','), 'inter.broker.listener.name': 'INTERNAL' }
      : {}),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', 'INTERNAL:PLAINTEXT', ...protocols].join(','),
  };
};

const securitySettings = ({ node, certificates }: NodeConfiguration): Readonly<Record<string, string>> => {
  if (certificates === undefined) return {};
  const settings: Record<string, string> = {};
  for (const listener of SECURE)
    if (node.ports[listener] !== undefined) Object.assign(settings, listenerSettings(listener, certificates));
  return settings;
};

/** `server.properties` of a node. The voters are static: the one way that every Kafka 4 formats without flags. */
export const serverProperties = (configuration: NodeConfiguration): string => {
  const { node, nodes, dataFolder, settings } = configuration;
  const entries: Readonly<Record<string, string>> = {
    'process.roles': [...(isBroker(node) ? ['broker'] : []), ...(mayControl(node) ? ['controller'] : [])].join(','),
    'node.id': String(node.id),
    'controller.quorum.voters': nodes
      .filter(mayControl)
      .map(({ id, ports }) => `${id}@${HOST}:${ports.controller}`)
      .join(','),
    ...addressSettings(node),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataFolder.replaceAll('\\', '/'),
    ...EVERY_NODE,
    ...(nodes.filter(isBroker).length === 1 ? ONE_NODE : THREE_NODES),
    ...securitySettings(configuration),
    ...settings,
  };
  return `${Object.entries(entries)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
};

/** Where clients reach the brokers; empty for a listener they do not have. Through a proxy, where there is one. */
export const brokerAddresses = (nodes: readonly NodePlace[], listener: KafkaListener = 'plain'): readonly string[] =>
  nodes.flatMap(({ ports, proxyPort }) => {
    const port = listener === 'proxied' ? proxyPort : ports[listener];
    return port === undefined ? [] : [`${HOST}:${port}`];
  });
