import { expectTypeOf } from 'vitest';

import {
  defineRule,
  loadConfig,
  Setting,
  type DeepPartialInput,
  type Path,
  type Rule,
  type RuleInput,
  type Secret,
} from '../src/index.ts';
import { exampleSettings } from './example-settings.ts';

const config = loadConfig(exampleSettings);
const { value } = config;

expectTypeOf(value.postgres.port).toEqualTypeOf<number>();
expectTypeOf(value.postgres.password).toEqualTypeOf<Secret | undefined>();
expectTypeOf(value.postgres.tls.mode).toEqualTypeOf<'disable' | 'require' | 'verify-full'>();
expectTypeOf(value.kafka.brokers).toEqualTypeOf<readonly string[]>();
expectTypeOf(value.postgres.session.gucs).toEqualTypeOf<{ readonly [x: string]: string }>();
// @ts-expect-error -- the value is read-only
value.postgres.port = 1;

type Schema = typeof exampleSettings.schema;
expectTypeOf<'circuitBreaker.open.maxMs'>().toExtend<Path<Schema>>();
// @ts-expect-error -- a section is no setting
config.explain('postgres.pool');
loadConfig(exampleSettings, { explicit: { postgres: { password: 'text', pool: { max: undefined } } } });
// @ts-expect-error -- no such setting
loadConfig(exampleSettings, { explicit: { postgres: { prot: 1 } } });
expectTypeOf<{ kafka: { brokers: readonly string[] } }>().toExtend<DeepPartialInput<Schema>>();

const schema = Setting.group({ a: Setting.int({ doc: '.' }), b: Setting.optional(Setting.boolean({ doc: '.' })) });
defineRule(schema, {
  code: 'X',
  needs: ['b', 'a'],
  check: (b, a) => {
    expectTypeOf(a).toEqualTypeOf<number>();
    expectTypeOf(b).toEqualTypeOf<boolean | undefined>();
    return false;
  },
});
// @ts-expect-error -- no such path
defineRule(schema, { code: 'X', needs: ['c'], check: () => false });

/** An application may wrap `defineRule` for its own schema. */
const rule = <const N extends readonly Path<Schema>[]>(input: RuleInput<Schema, N>): Rule<Schema> =>
  defineRule(exampleSettings.schema, input);
rule({
  code: 'X',
  needs: ['postgres.port', 'postgres.password'],
  check: (port, password) => {
    expectTypeOf(port).toEqualTypeOf<number>();
    expectTypeOf(password).toEqualTypeOf<Secret | undefined>();
    return false;
  },
});
