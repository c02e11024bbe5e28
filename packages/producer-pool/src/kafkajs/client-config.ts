import type { KafkaConfig, Mechanism, SASLOptions } from 'kafkajs';

import type { ResolvedConnection } from '../connection.ts';

/** Named as kafkajs names its own: it does not try again. */
class TokenRefused extends Error {
  override readonly name = 'KafkaJSSASLAuthenticationError';
  readonly retriable = false;
}

const LENGTH_BYTES = 4;

const withLength = (text: string): Buffer => {
  const bytes = Buffer.alloc(LENGTH_BYTES + Buffer.byteLength(text));
  bytes.writeInt32BE(bytes.length - LENGTH_BYTES);
  bytes.write(text, LENGTH_BYTES);
  return bytes;
};

/**
 * The way of kafkajs does not look at the answer: it takes a refused token for a good one, and then loses the connection for no reason. A
 * broker that refuses a token answers with the reason in place of nothing (RFC 7628).
 */
const oauthBearer = (token: () => Promise<string>): Mechanism => ({
  mechanism: 'oauthbearer',
  authenticationProvider: ({ saslAuthenticate }) => ({
    authenticate: async () => {
      const message = `n,,\u0001auth=Bearer ${await token()}\u0001\u0001`;
      const refused = await saslAuthenticate({
        request: { encode: () => withLength(message) },
        response: { decode: (answer) => answer, parse: (answer) => answer.length > LENGTH_BYTES },
      });
      if (refused === true)
        throw new TokenRefused('SASL OAUTHBEARER authentication failed: the broker refuses the token');
    },
  }),
});

interface Login {
  readonly username: string;
  readonly password: string;
}

/** A type per mechanism, as kafkajs wants it. */
const LOGINS = {
  plain: (login: Login): SASLOptions => ({ mechanism: 'plain', ...login }),
  'scram-sha-256': (login: Login): SASLOptions => ({ mechanism: 'scram-sha-256', ...login }),
  'scram-sha-512': (login: Login): SASLOptions => ({ mechanism: 'scram-sha-512', ...login }),
} as const;

const saslConfig = (sasl: NonNullable<ResolvedConnection['sasl']>): SASLOptions | Mechanism => {
  if (sasl.mechanism === 'oauthbearer') return oauthBearer(sasl.token);
  const { mechanism, ...login } = sasl;
  return LOGINS[mechanism](login);
};

/** The part of kafkajs's configuration that the user decides. */
export const clientConfig = ({
  clientId,
  brokers,
  tls,
  sasl,
}: ResolvedConnection): Pick<KafkaConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'> => ({
  clientId,
  brokers: brokers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
  ssl: tls === undefined ? false : { ...tls },
  ...(sasl === undefined ? {} : { sasl: saslConfig(sasl) }),
});
