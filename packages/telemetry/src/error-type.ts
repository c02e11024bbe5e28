import { fieldOf, listOf, textOf } from './read-field.ts';

const SQLSTATE = /^[0-9A-Z]{5}$/u;
const KAFKA_ERROR = /^[A-Z][A-Z0-9_]{2,48}$/u;
const MAX_NODES = 16;

/** Codes of ours and of Node to the closed list; the first pattern that fits. */
const BY_CODE: readonly (readonly [RegExp, string])[] = [
  [/^BUSBAR_BREAKER_(?:OPEN|ISOLATED|BUSY)$/u, 'circuit_open'],
  [/BUFFER_FULL|QUEUE_FULL|BACKLOG_FULL|BACKPRESSURE/u, 'buffer_full'],
  [/^BUSBAR_EVENT_/u, 'validation'],
  [/ABORT/u, 'aborted'],
  [/TIMEOUT|DEADLINE|ETIMEDOUT/u, 'timeout'],
  [/CONNECTION|UNREACHABLE|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/u, 'connection'],
];

/**
 * `error.type` of an error: an SQLSTATE, the Kafka error of its deepest reason, or one of a closed list; else `_OTHER`.
 * The chain decides and not the top, since clients wrap what the broker said.
 */
export const errorTypeOf = (error: unknown): string => {
  const chain = chainOf(error);
  for (const node of chain) {
    const said = kafkaErrorOf(node) ?? sqlStateOf(node);
    if (said !== undefined) return said;
  }
  for (const node of chain) {
    const known = classOf(textOf(node, 'code') ?? textOf(node, 'name') ?? '');
    if (known !== undefined) return known;
  }
  return '_OTHER';
};

const kafkaErrorOf = (node: unknown): string | undefined =>
  [textOf(node, 'kafkaError'), textOf(node, 'details', 'kafkaError'), textOf(node, 'type')].find(
    (name) => name !== undefined && KAFKA_ERROR.test(name),
  );

/** A server's error says its severity; without one, `code` may be anything of five letters. */
const sqlStateOf = (node: unknown): string | undefined => {
  const state = textOf(node, 'sqlState') ?? (textOf(node, 'severity') === undefined ? undefined : textOf(node, 'code'));
  return state !== undefined && SQLSTATE.test(state) ? state : undefined;
};

const classOf = (code: string): string | undefined => BY_CODE.find(([pattern]) => pattern.test(code))?.[1];

/** The error, its causes and the errors behind it, breadth first, each once, at most sixteen. */
const chainOf = (error: unknown): ReadonlySet<unknown> => {
  const chain = new Set<unknown>([error]);
  for (const node of chain)
    for (const next of [fieldOf(node, 'cause'), ...listOf(node, 'errors')])
      if (chain.size < MAX_NODES && typeof next === 'object' && next !== null) chain.add(next);
  return chain;
};
