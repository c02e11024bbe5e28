import { format, inspect } from 'node:util';

import {
  BusbarError,
  combineOutcomes,
  type ErrorOutcome,
  InternalError,
  serializeError,
  type SerializedError,
  TimeoutError,
  toBusbarError,
} from '@busbar/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// R-STD-4: no secret of a foreign error is ever shown, and nothing that is thrown makes the view throw.

const secrets = fc.stringMatching(/^[a-zA-Z0-9]{16}$/).map((text) => `S3CRET${text}`);

/** An error of a foreign library that carries the secret where such libraries do. */
type Plant = (secret: string) => unknown;

const plants: readonly Plant[] = [
  (secret) => Object.assign(new Error('x'), { client: { connectionParameters: { password: secret } } }),
  (secret) =>
    Object.assign(new Error('x'), { config: { auth: secret }, request: { headers: [secret] }, value: secret }),
  (secret) =>
    Object.assign(new Error(`Key (email)=(${secret}) exists`), {
      severity: 'ERROR',
      code: '23505',
      detail: secret,
      where: secret,
      hint: secret,
      query: secret,
      parameters: [secret],
    }),
  (secret) => new Error(`cannot reach postgres://app:${secret}@db:5432/app`),
  (secret) => new Error(`bad dsn: host=db password=${secret} user=app`),
  (secret) => new Error(`401 for Authorization: Bearer ${secret}`),
  (secret) =>
    Object.assign(new Error(`getaddrinfo ENOTFOUND app:${secret}@db`), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname: `app:${secret}@db`,
    }),
  (secret) =>
    Object.assign(new Error('first line'), { stack: `Error: ${secret}\n    at ${secret}\n    at f (a.js:1:1)` }),
  (secret) => Object.assign(new Error(secret), { name: 'ZodError', issues: [{ input: secret }] }),
  (secret) => Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: secret }),
  (secret) => {
    try {
      const parsed: unknown = JSON.parse(`{"token":"${secret}`);
      return parsed;
    } catch (error) {
      return error;
    }
  },
  (secret) => Object.defineProperty(new Error('x'), 'hidden', { value: secret }),
  (secret) =>
    Object.assign(new Error('x'), { [Symbol('secret')]: secret, toJSON: () => secret, [inspect.custom]: () => secret }),
  (secret) => ({ password: secret }),
  (secret) => [secret],
  (secret) => new Map([[secret, secret]]),
  (secret) => () => secret,
  (secret) => new Proxy({}, { get: () => () => secret }),
];

/** Builds it up: wrapped by a foreign error, by one of ours, in an aggregate. */
const wrappers: readonly ((inner: unknown) => unknown)[] = [
  (inner) => new Error('outer', { cause: inner }),
  (inner) => new AggregateError([new Error('other'), inner]),
  (inner) => Object.assign(new Error('old'), { originalError: inner }),
  (inner) => new InternalError({ what: 'wrapped' }, { cause: inner }),
  (inner) => new TimeoutError({ what: 'wrapped', limitMs: 1 }, { errors: [inner] }),
];

const outputs = (error: BusbarError): readonly string[] => [
  JSON.stringify(error),
  JSON.stringify(serializeError(error, { stack: true })),
  JSON.stringify(BusbarError.fromJSON(error.toJSON())),
  inspect(error),
  inspect(error, { depth: Infinity, showHidden: true }),
  inspect(error, { depth: Infinity, showHidden: true, customInspect: false }),
  inspect(BusbarError.fromJSON(error.toJSON()), { depth: Infinity, showHidden: true, customInspect: false }),
  inspect({ nested: [error] }, { depth: Infinity }),
  format('%s %o %O %j', error, error, error, error),
  String(error),
  String(error.stack),
  error.message,
];

describe('secrets of foreign errors', () => {
  it('R-STD-4 occur in no output of an error of the family, wherever they are planted', () => {
    const plant = fc.constantFrom(...plants);
    const wrapping = fc.array(fc.constantFrom(...wrappers), { maxLength: 4 });
    fc.assert(
      fc.property(secrets, plant, wrapping, (secret, planted, wrapped) => {
        const error = toBusbarError(wrapped.reduce<unknown>((inner, wrap) => wrap(inner), planted(secret)));
        expect(outputs(error).filter((output) => output.includes(secret))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/**
 * How to build something that can be thrown: any data, errors of any shape, cycles, getters that throw, proxies that
 * refuse. A recipe and not the value, since fast-check looks at the values it makes.
 */
type Recipe =
  | { readonly kind: 'data'; readonly value: unknown }
  | { readonly kind: 'hostile' | 'revoked' | 'getter' }
  | {
      readonly kind: 'error';
      readonly type: 'Error' | 'TypeError' | 'SyntaxError' | 'TimeoutError';
      readonly properties: readonly (readonly [string, Recipe])[];
      readonly errors: readonly Recipe[];
      readonly isCircular: boolean;
    };

const KEYS = [
  'cause',
  'errors',
  'originalError',
  'message',
  'name',
  'code',
  'stack',
  'details',
  'syscall',
  'severity',
  'constructor',
  'docsUrl',
  'retryable',
  'outcome',
];

const recipes: fc.Arbitrary<Recipe> = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({
      kind: fc.constant('data' as const),
      value: fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withObjectString: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
    }),
    fc.record({ kind: fc.constantFrom('hostile' as const, 'revoked' as const, 'getter' as const) }),
    fc.record({
      kind: fc.constant('error' as const),
      type: fc.constantFrom('Error' as const, 'TypeError' as const, 'SyntaxError' as const, 'TimeoutError' as const),
      properties: fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('recipe')), { maxLength: 4 }),
      errors: fc.array(tie('recipe'), { maxLength: 3 }),
      isCircular: fc.boolean(),
    }),
  ),
})).recipe;

const refuse = (): never => {
  throw new Error('no');
};

const build = (recipe: Recipe): unknown => {
  if (recipe.kind === 'data') return recipe.value;
  if (recipe.kind === 'getter')
    return Object.defineProperties(new Error('x'), { cause: { get: refuse }, message: { get: refuse } });
  if (recipe.kind === 'error') return buildError(recipe);
  const { proxy, revoke } = Proxy.revocable({}, { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse });
  if (recipe.kind === 'revoked') revoke();
  return proxy;
};

const MAKERS = {
  Error: () => new Error('x'),
  TypeError: () => new TypeError('x'),
  SyntaxError: () => new SyntaxError('x'),
  TimeoutError: () => new TimeoutError({ what: 'x', limitMs: 1 }),
};

const buildError = (recipe: Recipe & { readonly kind: 'error' }): object => {
  const error = MAKERS[recipe.type]();
  if (recipe.isCircular) Object.defineProperty(error, 'cause', { value: error, configurable: true });
  if (recipe.errors.length > 0)
    Object.defineProperty(error, 'errors', { value: recipe.errors.map((part) => build(part)), configurable: true });
  for (const [key, value] of recipe.properties)
    Object.defineProperty(error, key, { value: build(value), configurable: true, enumerable: true });
  return error;
};

const nodesOf = (view: SerializedError): readonly SerializedError[] => [
  view,
  ...(view.cause === undefined ? [] : nodesOf(view.cause)),
  ...(view.errors ?? []).flatMap((part) => nodesOf(part)),
];
const levelsOf = (view: SerializedError): number =>
  Math.max(
    0,
    ...[...(view.cause === undefined ? [] : [view.cause]), ...(view.errors ?? [])].map((part) => 1 + levelsOf(part)),
  );

describe('the view of anything', () => {
  it('never throws, terminates, and stays within its limits', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const value = build(recipe);
        const view = serializeError(value, { stack: true });
        const nodes = nodesOf(view);
        expect(nodes.length).toBeLessThanOrEqual(64);
        expect(levelsOf(view)).toBeLessThanOrEqual(8);
        expect(Math.max(...nodes.map((node) => node.message.length))).toBeLessThanOrEqual(2_048);
        expect(inspect(new InternalError({ what: 'x' }, { cause: value }))).toEqual(expect.any(String));
        expect(JSON.parse(JSON.stringify(view))).toEqual(view);
      }),
      { numRuns: 1_000 },
    );
  });

  it('survives a round trip unchanged', () => {
    fc.assert(
      fc.property(recipes, fc.boolean(), (recipe, withClass) => {
        const value = build(recipe);
        const error = new InternalError({ what: 'round trip' }, { cause: value, errors: [value, new Error('x')] });
        const options = withClass ? { classes: [InternalError, TimeoutError] } : {};
        expect(BusbarError.fromJSON(JSON.parse(JSON.stringify(error)), options).toJSON()).toEqual(error.toJSON());
      }),
      { numRuns: 1_000 },
    );
  });

  it('anything can be revived', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const value = build(recipe);
        expect(BusbarError.fromJSON(value)).toBeInstanceOf(BusbarError);
      }),
    );
  });
});

describe('outcomes of several attempts', () => {
  it('combine in any grouping to the same, and unknown wins', () => {
    const outcome = fc.constantFrom<ErrorOutcome | undefined>('not-sent', 'rejected', 'unknown', undefined);
    fc.assert(
      fc.property(outcome, outcome, outcome, (a, b, c) => {
        const grouped = combineOutcomes(combineOutcomes(a, b), c);
        expect(grouped).toBe(combineOutcomes(a, combineOutcomes(b, c)));
        expect(grouped === 'unknown').toBe([a, b, c].includes('unknown'));
      }),
    );
  });
});
