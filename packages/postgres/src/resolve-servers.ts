import { checkNumber } from './check-options.ts';
import { splitUrl, type UrlParts } from './connection-url.ts';
import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from './option-limits.ts';
import type { PostgresOptions } from './options.ts';
import { TARGET_SESSION_ATTRS, type Target } from './targets.ts';

// Which servers, which database, and as whom.

const requireText = (path: string, value: string | undefined, issues: string[]): string => {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  issues.push(`${path}: required`);
  return '';
};

/** The parts of `url`; refuses what is given beside it. */
export const mergeUrl = (options: PostgresOptions, issues: string[]): UrlParts => {
  if (options.url === undefined) return {};
  for (const key of ['host', 'port', 'database', 'user'] as const)
    if (options[key] !== undefined) issues.push(`${key}: also given by url`);
  return splitUrl(options.url, issues);
};

/** `name:port`, `name`, `[IPv6]:port`, or the folder of a Unix socket. */
const TARGET = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/;

const parseTarget = (text: string, issues: string[]): Target => {
  const { ipv6, name, port } = (typeof text === 'string' ? TARGET.exec(text)?.groups : undefined) ?? {};
  const target = { host: ipv6 ?? name ?? '', port: Number(port ?? POSTGRES_DEFAULTS.port) };
  if (target.host === '') issues.push('targets: expected host:port, or host');
  checkNumber('targets', target.port, { limit: POSTGRES_LIMITS.port, issues });
  return target;
};

const single = (options: PostgresOptions, url: UrlParts, issues: string[]): Target => {
  const port = options.port ?? url.port ?? POSTGRES_DEFAULTS.port;
  checkNumber('port', port, { limit: POSTGRES_LIMITS.port, issues });
  return { host: requireText('host', options.host ?? url.host, issues), port };
};

const resolveTargets = (options: PostgresOptions, url: UrlParts, issues: string[]): readonly [Target, ...Target[]] => {
  const { targets } = options;
  if (targets === undefined) return [single(options, url, issues)];
  for (const key of ['url', 'host', 'port'] as const)
    if (options[key] !== undefined) issues.push(`targets: also given by ${key}`);
  const [first, ...rest] = targets.map((text) => Object.freeze(parseTarget(text, issues)));
  if (first === undefined || targets.length > POSTGRES_LIMITS.targets)
    issues.push(`targets: expected 1 to ${POSTGRES_LIMITS.targets} servers`);
  return [first ?? { host: '', port: 0 }, ...rest];
};

export const resolveServers = (options: PostgresOptions, url: UrlParts, issues: string[]) => {
  const { targetSessionAttrs = POSTGRES_DEFAULTS.targetSessionAttrs } = options;
  if (!TARGET_SESSION_ATTRS.includes(targetSessionAttrs))
    issues.push(`targetSessionAttrs: expected ${TARGET_SESSION_ATTRS.join(', ')}`);
  const targets = resolveTargets(options, url, issues);
  const [{ host, port }] = targets;
  return {
    targets: Object.freeze(targets),
    host,
    port,
    database: requireText('database', options.database ?? url.database, issues),
    user: requireText('user', options.user ?? url.user, issues),
    targetSessionAttrs,
  };
};
