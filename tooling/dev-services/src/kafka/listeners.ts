/**
 * The doors of a node. Clients are sent on to the address of the door they came in by: so a proxy needs a listener of its own that
 * advertises it, and certificates that are wrong on purpose need one each. Between the nodes everything is plain text.
 */
import type { TestCertificate, TestCertificates } from '../tls/certificates.ts';

export type KafkaListener = 'plain' | 'proxied' | 'tls' | 'mutual-tls' | 'expired' | 'wrong-host' | 'sasl';
export type SecureListener = Exclude<KafkaListener, 'plain' | 'proxied'>;
export type KafkaSecurity = 'tls' | 'sasl';

/** What comes with `security`. */
const DOORS: Readonly<Record<KafkaSecurity, readonly SecureListener[]>> = {
  tls: ['tls', 'mutual-tls', 'expired', 'wrong-host'],
  sasl: ['sasl'],
};

/** The one user that every mechanism of the SASL listener knows. */
export const KAFKA_USER = { username: 'alice', password: 'alice-secret' } as const;

export interface ListenerOptions {
  /** `tls`: with a good certificate, with one asked of the client too, an expired one, one for another host. `sasl`: TLS and {@link KAFKA_USER}. */
  readonly security?: readonly KafkaSecurity[];
  /** A listener behind a TCP proxy per node, which breaks what clients see and nothing between the nodes. */
  readonly proxied?: boolean;
}

/** The listeners of every node, besides those between nodes. */
export const listenersOf = ({ security = [], proxied = false }: ListenerOptions): readonly KafkaListener[] => [
  'plain',
  ...(proxied ? ['proxied' as const] : []),
  ...security.flatMap((kind) => DOORS[kind]),
];

/** As Kafka writes it. */
export const listenerName = (listener: KafkaListener): string => listener.toUpperCase().replace('-', '_');

export const protocolOf = (listener: KafkaListener): 'PLAINTEXT' | 'SSL' | 'SASL_SSL' => {
  if (listener === 'plain' || listener === 'proxied') return 'PLAINTEXT';
  return listener === 'sasl' ? 'SASL_SSL' : 'SSL';
};

/** PEM on one line of a properties file. */
const inline = (pem: string): string => pem.replaceAll('\n', String.raw`\n`);

const certificateOf = (listener: SecureListener, set: TestCertificates): TestCertificate => {
  if (listener === 'expired') return set.expired;
  return listener === 'wrong-host' ? set.wrongHost : set.server;
};

const SASL: Readonly<Record<string, string>> = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USER.username}="${KAFKA_USER.password}";`,
  'scram-sha-256.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  // Takes unsigned tokens: Kafka's own stand-in for an identity provider.
  'oauthbearer.sasl.jaas.config':
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
};

/** The server settings of one secure listener. */
export const listenerSettings = (listener: SecureListener, set: TestCertificates): Readonly<Record<string, string>> => {
  const { cert, key } = certificateOf(listener, set);
  const settings = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': inline(cert),
    'ssl.keystore.key': inline(key),
    ...(listener === 'mutual-tls'
      ? { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': inline(set.ca), 'ssl.client.auth': 'required' }
      : {}),
    ...(listener === 'sasl' ? SASL : {}),
  };
  const prefix = `listener.name.${listenerName(listener).toLowerCase()}.`;
  return Object.fromEntries(Object.entries(settings).map(([name, text]) => [prefix + name, text]));
};

const base64Json = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OAuth token that the SASL listener takes: unsigned, for an hour from `nowMs`. A negative `lifeMs` makes one it refuses. */
export const oauthToken = (
  o: { readonly subject?: string; readonly lifeMs?: number } = {},
  nowMs = Date.now(),
): string => {
  const { subject = KAFKA_USER.username, lifeMs = 3_600_000 } = o;
  const issued = Math.floor((nowMs + Math.min(0, 2 * lifeMs)) / 1_000);
  const claims = { sub: subject, iat: issued, exp: Math.floor((nowMs + lifeMs) / 1_000) };
  return `${base64Json({ alg: 'none' })}.${base64Json(claims)}.`;
};
