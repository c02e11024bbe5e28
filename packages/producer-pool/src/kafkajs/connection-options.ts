import type { KafkaConfig, SASLOptions } from 'kafkajs';

import type { HostPort, KafkaConnectionOptions, SaslOptions, TlsOptions } from '../driver.ts';
import { ProducerOptionsError } from '../errors.ts';

/** `host:port` taken apart, also with an IPv6 address in brackets; undefined if it is none. */
export const parseBroker = (text: string): HostPort | undefined => {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
};

const isEncrypted = (tls: boolean | TlsOptions | undefined): boolean => tls !== undefined && tls !== false;

const brokerIssues = ({ brokers }: KafkaConnectionOptions): readonly string[] => {
  if (typeof brokers === 'function') return [];
  if (brokers.length === 0) return ['brokers must name at least one host:port'];
  return brokers.flatMap((broker) =>
    parseBroker(broker) === undefined ? [`brokers: "${broker}" is not host:port`] : [],
  );
};

const securityIssues = ({ tls, sasl, allowInsecure }: KafkaConnectionOptions): readonly string[] => {
  if (allowInsecure === true) return [];
  const readable = sasl?.mechanism === 'plain' && !isEncrypted(tls);
  const trusting = typeof tls === 'object' && tls.rejectUnauthorized === false;
  return [
    ...(readable ? ['sasl plain sends the password readable: set tls, or allowInsecure'] : []),
    ...(trusting ? ['tls.rejectUnauthorized false trusts anybody: set allowInsecure if you mean it'] : []),
  ];
};

/**
 * Checks what kafkajs does not.
 * @throws {@link ProducerOptionsError} with every problem
 */
export const checkConnection = (o: KafkaConnectionOptions): void => {
  const clientIssues = o.clientId === '' ? ['clientId must not be empty'] : [];
  const issues = [...brokerIssues(o), ...clientIssues, ...securityIssues(o)];
  if (issues.length > 0) throw new ProducerOptionsError('kafkajs', issues);
};

/** The same, but with a type per mechanism, as kafkajs wants it. */
const saslConfig = ({ mechanism, username, password }: SaslOptions): SASLOptions => {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
    default:
      return mechanism satisfies never;
  }
};

/** The part of kafkajs's configuration that the user decides. */
export const connectionConfig = (
  o: KafkaConnectionOptions,
): Pick<KafkaConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'> => {
  const { brokers } = o;
  const ssl = typeof o.tls === 'object' ? { ...o.tls } : (o.tls ?? false);
  return {
    clientId: o.clientId,
    brokers: typeof brokers === 'function' ? async () => [...(await brokers())] : [...brokers],
    ssl,
    ...(o.sasl === undefined ? {} : { sasl: saslConfig(o.sasl) }),
  };
};
