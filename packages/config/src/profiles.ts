/** The environments a service runs in; each is a set of settings between the defaults and the files. */
export type Profile = 'production' | 'staging' | 'development' | 'test';

export const PROFILES = ['production', 'staging', 'development', 'test'] as const satisfies readonly Profile[];

/** Without a profile: production, whose settings are the careful ones. */
export const DEFAULT_PROFILE: Profile = 'production';

const NAMES: ReadonlyMap<string, Profile> = new Map([
  ['production', 'production'],
  ['prod', 'production'],
  ['live', 'production'],
  ['staging', 'staging'],
  ['stage', 'staging'],
  ['stg', 'staging'],
  ['development', 'development'],
  ['dev', 'development'],
  ['local', 'development'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** Every accepted name and alias. */
export const PROFILE_NAMES: readonly string[] = [...NAMES.keys()];

/** The profile of a name or alias in any case; undefined if there is none. */
export const profileOf = (name: string): Profile | undefined => NAMES.get(name.trim().toLowerCase());
