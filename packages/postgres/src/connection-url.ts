import type { TlsMode } from './options.ts';

/** The parts of a connection URL; the URL itself is not kept (it holds the password). */
export interface UrlParts {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly sslMode?: TlsMode;
  readonly applicationName?: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const isTlsMode = (value: string): value is TlsMode =>
  value === 'disable' || value === 'require' || value === 'verify-ca' || value === 'verify-full';

/**
 * Splits a connection URL. What is wrong with it goes to `issues`, in words that do not repeat the URL.
 * `sslmode=prefer` and `allow` are refused: they let whoever sits between choose plaintext.
 */
export const splitUrl = (url: string, issues: string[]): UrlParts => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')) {
    issues.push('url: expected postgres://user@host:port/database');
    return {};
  }
  const parts: Writable<UrlParts> = {};
  const decode = (encoded: string, part: 'host' | 'database' | 'user' | 'password'): void => {
    if (encoded === '') return;
    try {
      parts[part] = decodeURIComponent(encoded);
    } catch {
      issues.push(`url: the ${part} is not percent-encoded`);
    }
  };
  decode(parsed.hostname.replace(/^\[(.*)\]$/, '$1'), 'host'); // an IPv6 address stands in brackets
  decode(parsed.pathname.slice(1), 'database');
  decode(parsed.username, 'user');
  decode(parsed.password, 'password');
  if (parsed.port !== '') parts.port = Number(parsed.port);
  readParameters(parsed.searchParams, parts, issues);
  return parts;
};

const readParameters = (parameters: URLSearchParams, parts: Writable<UrlParts>, issues: string[]): void => {
  for (const [name, value] of parameters) {
    if (name === 'application_name') parts.applicationName = value;
    else if (name !== 'sslmode') issues.push(`url: unknown parameter "${name}"`);
    else if (isTlsMode(value)) parts.sslMode = value;
    else issues.push('url: sslmode must be disable, require, verify-ca or verify-full');
  }
};
