import type { Static, TObject, TProperties, TSchema } from 'typebox';

import type { Secret } from './secret.ts';

type PathsOf<P extends TProperties> = {
  [K in keyof P & string]: P[K] extends TObject<infer Q> ? `${K}.${PathsOf<Q>}` : K;
}[keyof P & string];

/** Every setting of a schema as a dotted path: `'postgres.pool.max'`. */
export type Path<S extends TObject> = Extract<PathsOf<S['properties']>, string>;

type ValueIn<V, P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head extends keyof V
    ? ValueIn<V[Head], Rest>
    : never
  : P extends keyof V
    ? V[P]
    : never;

/** The value of the setting at a path; `undefined` among the possibilities if the setting is optional. */
export type ValueAt<S extends TObject, P extends string> = DeepReadonly<ValueIn<Static<S>, P>>;

/** The values at several paths, in their order. */
export type ValuesAt<S extends TObject, N extends readonly string[]> = { readonly [I in keyof N]: ValueAt<S, N[I]> };

/** The same data, nowhere assignable. */
export type DeepReadonly<T> = T extends Secret
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;

type InputOf<T extends TSchema> =
  T extends TObject<infer P>
    ? { readonly [K in keyof P]?: InputOf<P[K]> | undefined }
    : Static<T> extends Secret
      ? string | Secret
      : DeepReadonly<Static<T>>;

/** Any part of the settings, as code gives them; a key whose value is `undefined` counts as not given. */
export type DeepPartialInput<S extends TObject> = InputOf<S>;
