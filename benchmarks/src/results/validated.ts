import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * A check of what crosses a boundary, compiled once: answers the value as what it is. `what` names it in the error.
 * @throws TypeError naming the first place that does not keep the schema
 */
export const validatorOf = <S extends TSchema>(schema: S, what: string): ((value: unknown) => Static<S>) => {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return value;
    const [issue] = validator.Errors(value);
    throw new TypeError(`${what}: ${issue?.instancePath ?? ''} ${issue?.message ?? 'does not keep the schema'}`);
  };
};
