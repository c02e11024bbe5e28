import { RetryOptionsError, type RetryOptionIssue } from './errors.ts';

/** Collects every problem of an options object, so that a user sees them all at once. */
export interface OptionIssues {
  add(path: string, problem: string): void;
  /** The number where it is within the range, else the default, with the problem noted. */
  number(path: string, value: unknown, rule: NumberRule): number;
  /** The value where it is one of those allowed, else the default, with the problem noted. */
  choice<T extends string>(path: string, value: unknown, rule: ChoiceRule<T>): T;
  /** Notes a value that is given and of another type. */
  type(path: string, value: unknown, type: 'boolean' | 'function'): void;
  /** Notes a value that is given and lacks one of the methods. */
  methods(path: string, value: object | undefined, names: readonly string[]): void;
  /** Notes every key that is not known. */
  keys(path: string, options: object, known: readonly string[]): void;
  /** @throws {@link RetryOptionsError} when anything was noted. */
  throwIfAny(): void;
}

export interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

export interface ChoiceRule<T extends string> {
  readonly default: T;
  readonly allowed: readonly T[];
}

export const optionIssues = (): OptionIssues => {
  const issues: RetryOptionIssue[] = [];
  const add = (path: string, problem: string): void => {
    issues.push({ path, problem });
  };
  return {
    add,
    number: (path, value, rule) => {
      if (value === undefined) return rule.default;
      const isInRange = typeof value === 'number' && value >= rule.min && value <= rule.max;
      if (isInRange && (rule.integer !== true || Number.isInteger(value))) return value;
      add(path, `must be ${rule.integer === true ? 'an integer ' : ''}${rule.min}..${rule.max}`);
      return rule.default;
    },
    choice: (path, value, rule) => {
      if (value === undefined) return rule.default;
      const found = rule.allowed.find((allowed) => allowed === value);
      if (found === undefined) add(path, `must be one of ${rule.allowed.join(', ')}`);
      return found ?? rule.default;
    },
    type: (path, value, type) => {
      if (value !== undefined && typeof value !== type) add(path, `must be a ${type}`);
    },
    methods: (path, value, names) => {
      if (value === undefined) return;
      const missing = names.filter((name) => typeof Reflect.get(Object(value), name) !== 'function');
      if (missing.length > 0) add(path, `has no method ${missing.join(', ')}`);
    },
    keys: (path, options, known) => {
      for (const key of Object.keys(options)) {
        if (!known.includes(key)) add(`${path}${key}`, 'is not an option');
      }
    },
    throwIfAny: () => {
      if (issues.length > 0) throw new RetryOptionsError({ issues });
    },
  };
};
