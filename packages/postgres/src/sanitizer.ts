import { scrub } from '@busbar/errors';

import { hideSecrets, knownLogins, SecretSet } from './known-secrets.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

export interface SanitizeOptions {
  /** Never shown, besides what the pools of this process log in with. Texts of less than 4 characters are not looked for. */
  readonly secrets?: readonly string[];
  /** Longer texts are cut off. Default: 8_192 characters. Range: 1..1_048_576. */
  readonly maxChars?: number;
}

/** Takes secrets out of texts before they are logged. What it does not know and cannot recognise stays: log no values. */
export interface Sanitizer {
  /** Never shows this text from now on. At most the last 256 are known. */
  register(secret: string): void;
  /**
   * The text without registered secrets, also where they are percent-encoded or escaped as in JSON, and without what looks like one: user-info of
   * URLs, values behind names such as `password`, `Bearer` tokens, PEM blocks. Takes time linear in its length. It needs no `this`.
   */
  readonly sanitize: (text: string) => string;
}

const DEFAULT_MAX_CHARS = 8_192;
const LIMIT_MAX_CHARS = 1_048_576;

/**
 * Makes a sanitizer, for example for `serializeError(error, { scrub: sanitizer.sanitize })`.
 * @throws {@link ArgumentInvalidError} when `maxChars` is out of range
 */
export const createSanitizer = (o: SanitizeOptions = {}): Sanitizer => {
  const { secrets = [], maxChars = DEFAULT_MAX_CHARS } = o;
  if (!Number.isInteger(maxChars) || maxChars < 1 || maxChars > LIMIT_MAX_CHARS)
    throw new ArgumentInvalidError({ argument: 'maxChars', expected: `an integer from 1 to ${LIMIT_MAX_CHARS}` });
  const own = new SecretSet();
  for (const secret of secrets) own.add(secret);
  return {
    register: (secret) => own.add(secret),
    sanitize: (text) => {
      const clean = scrub(hideSecrets(text, [...own.forms, ...knownLogins()], maxChars));
      return text.length > maxChars ? `${clean}…` : clean;
    },
  };
};

const SECRET_FIELDS = ['password', 'passwd', 'secret', 'token', 'apiKey', 'authorization', 'connectionString', 'dsn'];
/** Of errors of `pg` and of query builders: they repeat rows, parameters and statements. */
const DRIVER_FIELDS = ['detail', 'where', 'hint', 'internalQuery', 'query', 'sql', 'params', 'parameters', 'values'];

/**
 * For the option `redact` of pino. The weakest of the lines: a path misses `Password`, what lies deeper, and a connection string inside a text. Log
 * `serializeError(error)` rather than errors of the driver.
 */
export const pinoRedactPaths: readonly string[] = Object.freeze([
  ...SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  ...['err', 'error', 'err.cause', 'error.cause'].flatMap((of) => DRIVER_FIELDS.map((field) => `${of}.${field}`)),
  'options.tls.key',
  'tls.key',
  '*.tls.key',
]);
