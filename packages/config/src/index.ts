// Definition
export { Setting } from './setting.ts';
export type {
  AddressOptions,
  BooleanOptions,
  ListOptions,
  MapOptions,
  OneOfOptions,
  QuantityOptions,
  SecretOptions,
  SettingKind,
  SettingMeta,
  SettingOptions,
  TextOptions,
} from './setting.ts';
export { defineConfig } from './define-config.ts';
export type { AnyDefinition, ConfigDefinition, ConfigInput } from './define-config.ts';
export { defineRule } from './rules.ts';
export type { AnyRule, Rule, RuleInput, RuleVerdict } from './rules.ts';
export { defineDerived } from './resolve.ts';
export type { AnyDerived, Derived } from './resolve.ts';
export type { DeepPartialInput, DeepReadonly, Path, ValueAt, ValuesAt } from './setting-path.ts';

// Loading
export { loadConfig, tryLoadConfig } from './load-config.ts';
export type { LoadOptions, LoadResult } from './load-config.ts';
export type { Explanation, LoadedConfig, SettingInfo } from './loaded-config.ts';
export type { Profile } from './profiles.ts';
export type { Source } from './provenance.ts';
export type { FileSource } from './sources/file.ts';
export type { ReadFile } from './sources/read-file.ts';
export { Secret } from './secret.ts';

// Problems
export { ConfigDefinitionError, ConfigError, StartupCheckError } from './errors.ts';
export type { ConfigErrorCode } from './errors.ts';
export type { Issue, IssueCode, IssueInput } from './issue.ts';
export { renderIssues } from './render.ts';
export type { RenderOptions } from './render.ts';

// Checks
export { runChecks } from './checks.ts';
export type { Check, CheckOutcome, RunChecksOptions } from './checks.ts';
export { runStartupChecks } from './startup-checks.ts';
export type { StartupChecksOptions } from './startup-checks.ts';
export { startupVerdict } from './startup-verdict.ts';
export type { DependencyPolicy, ExitCode, StartupPolicy, StartupVerdict } from './startup-verdict.ts';
export { checkReportSchema } from './report-schema.ts';
export type { CheckCategory, CheckReport, CheckRow, CheckStatus } from './report-schema.ts';
export type { Clock, Timers } from './clock.ts';

// Channels
export type { CheckMessage, InvalidMessage, LoadedMessage, ReportMessage } from './diagnostics.ts';
