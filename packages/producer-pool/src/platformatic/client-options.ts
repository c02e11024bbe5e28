/** What the client is told. A new object for each client: its constructor changes what it is given. */
import { isIP } from 'node:net';

import type { BaseOptions, SASLOptions } from '@platformatic/kafka';

import type { ResolvedConnection } from '../connection.ts';
import type { MetadataOptions } from '../driver.ts';

/** Retries are for stale metadata only; the pool owns the loop. */
const RETRIES = 2;
const RETRY_DELAY_MS = 100;
/** Refreshed when a broker says so; a refresh by age would fail every partition of a topic when one of them has no leader. */
const METADATA_MAX_AGE_MS = Number.MAX_SAFE_INTEGER;
/** The broker gives up before the client does. */
const BROKER_SHARE = 0.8;

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

class TokenRefused extends Error {
  readonly code = 'PLT_KFK_AUTHENTICATION';
}

const saslOptions = (sasl: NonNullable<ResolvedConnection['sasl']>): SASLOptions => {
  if (sasl.mechanism !== 'oauthbearer')
    return { mechanism: MECHANISMS[sasl.mechanism], username: sasl.username, password: sasl.password };
  return {
    mechanism: 'OAUTHBEARER',
    token: sasl.token,
    // A broker that refuses a token answers without an error, and with the reason in place of nothing.
    authBytesValidator: (answer, callback) => {
      if (answer.length === 0) callback(null, answer);
      else callback(new TokenRefused('SASL OAUTHBEARER authentication failed'));
    },
  };
};

/** `true` sends the broker's host as SNI, which an address must not be. */
const haveNames = (brokers: ResolvedConnection['brokers']): boolean => brokers.every(({ host }) => isIP(host) === 0);

export const clientOptions = (
  { clientId, brokers, tls, sasl }: ResolvedConnection,
  o: MetadataOptions,
): BaseOptions => ({
  clientId,
  bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
  connectTimeout: o.connectTimeoutMs,
  requestTimeout: o.requestTimeoutMs,
  timeout: Math.floor(o.requestTimeoutMs * BROKER_SHARE),
  retries: RETRIES,
  retryDelay: RETRY_DELAY_MS,
  metadataMaxAge: METADATA_MAX_AGE_MS,
  autocreateTopics: false,
  ...(tls === undefined ? {} : { tls: { ...tls }, tlsServerName: tls.servername ?? haveNames(brokers) }),
  ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
});
