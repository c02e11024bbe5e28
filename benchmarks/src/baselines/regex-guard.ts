/**
 * The naive guard (R-PG-4): five patterns of complexity, four words, weights, and five patterns of "injection", compiled and matched
 * anew for each text; or compiled once.
 *
 * It takes no notice of strings and comments, so a literal that holds `join` is one to it; the patterns of injection look at the
 * start of a text only, since `union.*select.*password` takes cubic time.
 */
interface Weighted {
  readonly source: string;
  readonly weight: number;
}

export const REGEX_WEIGHTS = {
  join: 3,
  subselect: 4,
  union: 5,
  leadingWildcard: 6,
  regex: 12,
  expensiveFunction: 4,
  order: 3,
};

const COMPLEXITY: readonly Weighted[] = [
  { source: String.raw`\bjoin\b`, weight: REGEX_WEIGHTS.join },
  { source: String.raw`\(\s*select\b`, weight: REGEX_WEIGHTS.subselect },
  { source: String.raw`\b(?:union|intersect|except)\b`, weight: REGEX_WEIGHTS.union },
  { source: String.raw`\bi?like\s+'%`, weight: REGEX_WEIGHTS.leadingWildcard },
  { source: String.raw`!?~\*?\s*'`, weight: REGEX_WEIGHTS.regex },
];
const EXPENSIVE_FUNCTIONS = ['array_agg', 'string_agg', 'generate_series'];
const ORDER = 'order by';
const LIMIT = String.raw`\b(?:limit|fetch)\b`;
const INJECTION: readonly string[] = [
  String.raw`union.*select.*password`,
  String.raw`;\s*(?:drop|truncate|alter)\s+table`,
  String.raw`'\s*or\s+'?\d+'?\s*=\s*'?\d+`,
  String.raw`\bpg_sleep\s*\(`,
  String.raw`\bxp_cmdshell\b`,
];
/** What the patterns of injection look at. */
const INJECTION_CHARS = 4_096;

export interface RegexVerdict {
  readonly score: number;
  readonly suspicious: boolean;
}

interface Patterns {
  readonly complexity: readonly { readonly pattern: RegExp; readonly weight: number }[];
  readonly limit: RegExp;
  readonly injection: readonly RegExp[];
}

const compile = (): Patterns => ({
  complexity: COMPLEXITY.map(({ source, weight }) => ({ pattern: new RegExp(source, 'giu'), weight })),
  limit: new RegExp(LIMIT, 'iu'),
  injection: INJECTION.map((source) => new RegExp(source, 'isu')),
});

const match = (text: string, { complexity, limit, injection }: Patterns): RegexVerdict => {
  let score = 0;
  for (const { pattern, weight } of complexity) score += (text.match(pattern)?.length ?? 0) * weight;
  const lower = text.toLowerCase();
  for (const name of EXPENSIVE_FUNCTIONS) if (lower.includes(name)) score += REGEX_WEIGHTS.expensiveFunction;
  if (lower.includes(ORDER) && !limit.test(text)) score += REGEX_WEIGHTS.order;
  const start = text.slice(0, INJECTION_CHARS);
  return { score, suspicious: injection.some((pattern) => pattern.test(start)) };
};

/** Compiles the patterns and matches the text. */
export const judgeAnew = (text: string): RegexVerdict => match(text, compile());

/** Matches texts against patterns that were compiled before. */
export const precompiledGuard = (): ((text: string) => RegexVerdict) => {
  const patterns = compile();
  return (text) => match(text, patterns);
};
