/*
 * Data against a schema: compiled once per side, issues built only on failure and never with a value in them.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';

import { type EventSchema, isStandardSchema, type StandardIssue, type StandardSchemaV1 } from './event-schema.ts';
import { CHAR_CODE_FORMATS } from './formats.ts';
import { clippedPath, type Issue, pointerOf, pointerStep } from './issue.ts';
import { type Side, variantOf } from './schema-variants.ts';

/** The outcome of a check; `value` is the data itself, or the output of a Standard Schema. */
export type CheckResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly cause?: unknown; readonly isAsync?: true };

export type DataCheck = (value: unknown) => CheckResult;

/** The checks of one event definition. They never throw, and compile on first use. */
export interface DataChecks {
  readonly write: DataCheck;
  readonly read: DataCheck;
  /** Compiles what is not compiled yet. */
  compile(): void;
  /** Schemas compiled so far: 0..2, always 0 for a Standard Schema. */
  compiledCount(): number;
}

/** The checks of a schema. A Standard Schema has one for both sides: openness is its own affair. */
export function createDataChecks(schema: EventSchema): DataChecks {
  if (isStandardSchema(schema)) {
    const check = guarded((value) => standardResult(schema, value));
    return { write: check, read: check, compile: () => undefined, compiledCount: () => 0 };
  }
  const sides = { writer: lazyCheck(schema, 'writer'), reader: lazyCheck(schema, 'reader') };
  return {
    write: guarded((value) => sides.writer.check()(value)),
    read: guarded((value) => sides.reader.check()(value)),
    compile: () => {
      sides.writer.check();
      sides.reader.check();
    },
    compiledCount: () => Number(sides.writer.isCompiled()) + Number(sides.reader.isCompiled()),
  };
}

function lazyCheck(schema: TSchema, side: Side): { check(): DataCheck; isCompiled(): boolean } {
  let compiled: DataCheck | undefined;
  return {
    check: () => (compiled ??= compiledCheck(variantOf(schema, side))),
    isCompiled: () => compiled !== undefined,
  };
}

function compiledCheck(schema: TSchema): DataCheck {
  const validator = Compile(schema);
  return (value) =>
    validator.Check(value) ? { ok: true, value } : { ok: false, issues: issuesOf(validator.Errors(value)) };
}

/** A refinement of the user may throw, and a recursive schema may meet data deeper than the stack: both are invalid data. */
function guarded(check: DataCheck): DataCheck {
  return (value) => {
    try {
      return check(value);
    } catch (cause) {
      return { ok: false, issues: [{ path: '', message: 'could not be checked: the schema threw' }], cause };
    }
  };
}

/** `…/anyOf/<n>` or `…/oneOf/<n>` of a schema path: everything below is one issue, that of the outermost union. */
const UNION_MEMBER = /\/(?:anyOf|oneOf)\/\d+/;

/** Each of these steps of a schema path is one step of the instance path. */
const INSTANCE_STEP = /\/(?:properties|patternProperties)\/[^/]+|\/additionalProperties|\/items(?:\/\d+)?/g;

/**
 * TypeBox's errors as issues: one for a union however many of its members failed, one for each unknown or missing
 * property. The error of the union itself cannot be relied on: TypeBox stops after eight errors, those of members first.
 */
function issuesOf(errors: readonly TLocalizedValidationError[]): readonly Issue[] {
  const issues: Issue[] = [];
  const unions = new Set<string>();
  for (const error of errors) {
    const union = unionPathOf(error);
    if (union === undefined) issues.push(...issuesOfError(error));
    else if (!unions.has(union)) issues.push({ path: clippedPath(union), message: 'must fit one of the alternatives' });
    if (union !== undefined) unions.add(union);
  }
  return issues.length === 0 ? [{ path: '', message: 'does not fit the schema' }] : issues;
}

/** The instance path of the outermost union that an error belongs to; undefined outside of unions. */
function unionPathOf({ keyword, schemaPath, instancePath }: TLocalizedValidationError): string | undefined {
  const member = UNION_MEMBER.exec(schemaPath);
  if (member === null) return keyword === 'anyOf' || keyword === 'oneOf' ? instancePath : undefined;
  const below = schemaPath.slice(member.index + member[0].length).match(INSTANCE_STEP)?.length ?? 0;
  return below === 0 ? instancePath : instancePath.split('/').slice(0, -below).join('/');
}

function issuesOfError(error: TLocalizedValidationError): readonly Issue[] {
  const path = clippedPath(error.instancePath);
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- every other keyword has a message without values
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        path: clippedPath(error.instancePath + pointerStep(name)),
        message: 'must be present',
      }));
    case 'boolean':
      return [{ path, message: 'is not a property of the schema' }];
    case 'additionalProperties':
      return []; // each unknown property has its own `boolean` or other error
    case 'propertyNames':
      return [{ path, message: 'has an invalid property name' }];
    case 'type':
      return [{ path, message: error.message, expected: [error.params.type].flat().join(' or ') }];
    case 'format':
      return [formatIssue(path, error.params.format)];
    case '~refine':
      return [refinementIssue(path, error.message)];
    default:
      return [{ path, message: error.message }];
  }
}

const formatIssue = (path: string, format: string): Issue => ({
  path,
  message: `must match format "${format}"`,
  expected: format,
});

/** Our own refinements name the format they check; the message of a user's may quote the data and is not shown. */
function refinementIssue(path: string, message: string): Issue {
  return CHAR_CODE_FORMATS.has(message)
    ? formatIssue(path, message)
    : { path, message: 'must satisfy the refinement of the schema' };
}

function standardResult(schema: StandardSchemaV1, value: unknown): CheckResult {
  const result = schema['~standard'].validate(value);
  if ('then' in result) {
    result.then(ignoreLateAnswer, ignoreLateAnswer);
    return {
      ok: false,
      issues: [{ path: '', message: 'could not be checked: the schema is asynchronous' }],
      isAsync: true,
    };
  }
  if (result.issues === undefined) return { ok: true, value: result.value };
  return {
    ok: false,
    issues: result.issues.map((issue) => ({ path: standardPath(issue), message: 'does not fit the schema' })),
  };
}

/** The call has failed already, whatever the schema answers later; without a handler a rejection would end the process. */
const ignoreLateAnswer = (): void => undefined;

function standardPath(issue: StandardIssue): string {
  return pointerOf((issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)));
}
