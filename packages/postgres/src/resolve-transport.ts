import { checkNumber, refuseUnknown } from './check-options.ts';
import type { UrlParts } from './connection-url.ts';
import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from './option-limits.ts';
import type { KeepAliveOptions, TlsMode, TlsOptions } from './options.ts';
import type { ResolvedTls } from './tls.ts';

// The options of the socket below the protocol. Problems are collected in `issues`.

const TLS_MODES: readonly string[] = ['disable', 'require', 'verify-ca', 'verify-full'];
const TLS_KEYS: readonly string[] = ['mode', 'ca', 'cert', 'key', 'serverName', 'direct', 'channelBinding'];

const checkFlag = (path: string, value: unknown, issues: string[]): void => {
  if (typeof value !== 'boolean') issues.push(`${path}: expected true or false`);
};

const resolveFlags = ({ direct, channelBinding }: TlsOptions, mode: TlsMode, issues: string[]) => {
  const { tls } = POSTGRES_DEFAULTS;
  const flags = { direct: direct ?? tls.direct, channelBinding: channelBinding ?? tls.channelBinding };
  for (const [name, value] of Object.entries(flags)) {
    checkFlag(`tls.${name}`, value, issues);
    if (value && mode === 'disable') issues.push(`tls.${name}: not without TLS`);
  }
  return flags;
};

export const resolveTls = (given: TlsOptions = {}, url: UrlParts, issues: string[]): ResolvedTls => {
  refuseUnknown(given, { prefix: 'tls.', known: TLS_KEYS, issues });
  const { mode = url.sslMode ?? POSTGRES_DEFAULTS.tlsMode, serverName, ca, cert, key } = given;
  if (given.mode !== undefined && url.sslMode !== undefined) issues.push('tls.mode: also given as sslmode in url');
  if (!TLS_MODES.includes(mode)) issues.push(`tls.mode: expected ${TLS_MODES.join(', ')}`);
  if ((cert === undefined) !== (key === undefined)) issues.push('tls.cert: cert and key go together');
  return Object.freeze({
    mode,
    ...resolveFlags(given, mode, issues),
    ...(serverName === undefined ? {} : { serverName }),
    material: () => ({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
  });
};

export const resolveKeepAlive = (given: KeepAliveOptions = {}, issues: string[]): Required<KeepAliveOptions> => {
  const { keepAlive } = POSTGRES_DEFAULTS;
  refuseUnknown(given, { prefix: 'keepAlive.', known: Object.keys(keepAlive), issues });
  const { enabled = keepAlive.enabled, initialDelayMs = keepAlive.initialDelayMs } = given;
  checkFlag('keepAlive.enabled', enabled, issues);
  checkNumber('keepAlive.initialDelayMs', initialDelayMs, { limit: POSTGRES_LIMITS.keepAlive.initialDelayMs, issues });
  return Object.freeze({ enabled, initialDelayMs });
};
