import type { Static, TSchema } from 'typebox';

/** What a Standard Schema answers: the output, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One problem of a Standard Schema. Its message may quote the data and is never passed on. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The interface that zod, valibot, arktype and effect share, as far as validation needs it.
 * @see https://standardschema.dev
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The schema of an event's data: TypeBox, or any library with the Standard Schema interface. */
export type EventSchema = TSchema | StandardSchemaV1;

/** The type of an event's data, derived from its schema; for a Standard Schema its output, which is what the wire carries. */
export type DataOf<S> = S extends StandardSchemaV1<unknown, infer O> ? O : S extends TSchema ? Static<S> : never;

/** Whether the schema has the Standard Schema interface; arktype's schemas are functions. */
export function isStandardSchema(schema: unknown): schema is StandardSchemaV1 {
  return (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema;
}
