/** `maxQueue` → `MAX_QUEUE`, `caFile` → `CA_FILE`, `sha256Key` → `SHA256_KEY`, `baseURL` → `BASE_URL`. */
export const snakeCase = (key: string): string =>
  key
    .replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/gu, '$1_$2')
    .toUpperCase();

/** The variable of a setting, computed from its path and never the reverse: `BUSBAR` + `postgres.pool.maxQueue`. */
export const envNameOf = (prefix: string, keys: readonly string[]): string =>
  [prefix, ...keys.map(snakeCase)].join('_');

/** The variable that names a file which holds the value. */
export const fileVariableOf = (env: string): string => `${env}_FILE`;

/** Variables with the prefix that are no settings: the profile, and the list of files that an application reads. */
export const profileVariableOf = (prefix: string): string => `${prefix}_ENV`;
export const configFileVariableOf = (prefix: string): string => `${prefix}_CONFIG_FILE`;
