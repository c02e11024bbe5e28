/** How a cluster is reached: the same options for every driver, checked before anything is opened, read anew at every connect. */
import type { HostPort, SocketTls } from './driver.ts';
import { ProducerOptionsError } from './errors.ts';

/** A secret or a PEM text, or a function that fetches it; asked at every connect, so that `recycle()` rotates it without a gap. */
export type Credential = string | (() => string | Promise<string>);

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer';

export interface PasswordSaslOptions {
  readonly mechanism: Exclude<SaslMechanism, 'oauthbearer'>;
  readonly username: Credential;
  readonly password: Credential;
}

export interface TokenSaslOptions {
  readonly mechanism: 'oauthbearer';
  /** A token that is valid now; asked at every authentication. */
  readonly token: () => string | Promise<string>;
}

export type SaslOptions = PasswordSaslOptions | TokenSaslOptions;

export interface TlsOptions {
  /** Authorities to trust instead of the system's, in PEM. */
  readonly ca?: Credential;
  /** The client's certificate and key in PEM, where the broker asks for one. */
  readonly cert?: Credential;
  readonly key?: Credential;
  /** The name the broker's certificate must have. Default: the broker's host. */
  readonly servername?: string;
  /** False trusts anybody, and needs `allowInsecure`. Default: true. */
  readonly rejectUnauthorized?: boolean;
}

/** What every driver needs to reach a cluster. */
export interface KafkaConnectionOptions {
  /** `host:port` of bootstrap brokers, or a function that finds them; asked at every connect. */
  readonly brokers: readonly string[] | (() => Promise<readonly string[]>);
  readonly clientId: string;
  /** Default: false. Verification cannot be switched off without `allowInsecure`. */
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslOptions;
  /** Allows SASL PLAIN and OAUTHBEARER without TLS, and `rejectUnauthorized: false`. Default: false. */
  readonly allowInsecure?: boolean;
}

/** The options as they are at one connect. */
export interface ResolvedConnection {
  readonly clientId: string;
  readonly brokers: readonly HostPort[];
  /** Undefined: plain text. */
  readonly tls: SocketTls | undefined;
  readonly sasl:
    | { readonly mechanism: PasswordSaslOptions['mechanism']; readonly username: string; readonly password: string }
    | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }
    | undefined;
}

/** `host:port` taken apart, also with an IPv6 address in brackets; undefined if it is none. */
export const parseBroker = (text: string): HostPort | undefined => {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
};

const brokerIssues = ({ brokers }: KafkaConnectionOptions): readonly string[] => {
  if (typeof brokers === 'function') return [];
  if (brokers.length === 0) return ['brokers must name at least one host:port'];
  return brokers.flatMap((broker) =>
    parseBroker(broker) === undefined ? [`brokers: "${broker}" is not host:port`] : [],
  );
};

const tlsIssues = ({ tls, allowInsecure }: KafkaConnectionOptions): readonly string[] => {
  if (typeof tls !== 'object') return [];
  const trusting = tls.rejectUnauthorized === false && allowInsecure !== true;
  const half = (tls.cert === undefined) !== (tls.key === undefined);
  return [
    ...(trusting ? ['tls.rejectUnauthorized false trusts anybody: set allowInsecure if you mean it'] : []),
    ...(half ? ['tls.cert and tls.key belong together'] : []),
  ];
};

const saslIssues = ({ tls, sasl, allowInsecure }: KafkaConnectionOptions): readonly string[] => {
  const isEncrypted = tls !== undefined && tls !== false;
  if (sasl === undefined || isEncrypted || allowInsecure === true) return [];
  if (sasl.mechanism === 'plain')
    return ['sasl plain sends the password readable: set tls, or allowInsecure if you mean it'];
  return sasl.mechanism === 'oauthbearer'
    ? ['sasl oauthbearer sends the token readable: set tls, or allowInsecure if you mean it']
    : [];
};

/**
 * Checks what clients do not.
 * @throws {@link ProducerOptionsError} with every problem
 */
export const checkConnection = (driver: string, o: KafkaConnectionOptions, more: readonly string[] = []): void => {
  const clientIssues = o.clientId === '' ? ['clientId must not be empty'] : [];
  const issues = [...brokerIssues(o), ...clientIssues, ...saslIssues(o), ...tlsIssues(o), ...more];
  if (issues.length > 0) throw new ProducerOptionsError(driver, issues);
};

const read = async (given: Credential): Promise<string> => (typeof given === 'string' ? given : given());

/** How a socket is secured, secrets fetched; undefined: plain text. Rejects with what a provider rejects with. */
export const tlsOf = async ({ tls }: KafkaConnectionOptions): Promise<SocketTls | undefined> => {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  return {
    ...(ca === undefined ? {} : { ca: await read(ca) }),
    ...(cert === undefined ? {} : { cert: await read(cert) }),
    ...(key === undefined ? {} : { key: await read(key) }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
};

const resolveSasl = async ({ sasl }: KafkaConnectionOptions): Promise<ResolvedConnection['sasl']> => {
  if (sasl === undefined) return undefined;
  if (sasl.mechanism === 'oauthbearer') return { mechanism: sasl.mechanism, token: async () => sasl.token() };
  const { mechanism, username, password } = sasl;
  return { mechanism, username: await read(username), password: await read(password) };
};

/** The brokers to begin with; what is no `host:port` is left out. */
export const bootstrapOf = async ({ brokers }: KafkaConnectionOptions): Promise<readonly HostPort[]> => {
  const list = typeof brokers === 'function' ? await brokers() : brokers;
  return list.flatMap((broker) => parseBroker(broker) ?? []);
};

/** Reads every provider. Rejects with what a provider rejects with. */
export const resolveConnection = async (o: KafkaConnectionOptions): Promise<ResolvedConnection> => ({
  clientId: o.clientId,
  brokers: await bootstrapOf(o),
  tls: await tlsOf(o),
  sasl: await resolveSasl(o),
});
