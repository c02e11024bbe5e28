/**
 * Errors of @platformatic/kafka → verdicts. They are trees: `MultipleErrors` over the attempts of one call, `ResponseError` over the codes
 * of one answer. The last attempt decides the kind; if any attempt may have been written, the outcome is `unknown`.
 *
 * A `TimeoutError` carries the code of a `NetworkError`: classes and sentences decide, never that code.
 */
import { causes } from '@busbar/errors';

import type { DriverFault } from '../driver.ts';
import { isObject, property } from '../foreign-value.ts';
import {
  DUPLICATE_SEQUENCE,
  faultOfCode,
  FAULTS,
  faultOfSystemCode,
  LEADER_NOT_AVAILABLE,
  UNKNOWN_TOPIC,
  UNSUPPORTED_COMPRESSION_TYPE,
  UNSUPPORTED_VERSION,
} from '../kafka-errors.ts';

const MAX_DEPTH = 8;

/** The errors at the ends of the tree, in the order of the attempts. */
const leavesOf = (error: unknown, depth = 0): readonly object[] => {
  if (!isObject(error)) return [];
  const inner: unknown = depth < MAX_DEPTH ? property(error, 'errors') : undefined;
  const leaves = Array.isArray(inner) ? inner.flatMap((one: unknown) => leavesOf(one, depth + 1)) : [];
  return leaves.length > 0 ? leaves : [error];
};

const BY_CODE: Readonly<Record<string, DriverFault>> = {
  PLT_KFK_AUTHENTICATION: FAULTS.sasl,
  PLT_KFK_UNSUPPORTED_API: faultOfCode(UNSUPPORTED_VERSION),
  PLT_KFK_UNSUPPORTED_COMPRESSION: faultOfCode(UNSUPPORTED_COMPRESSION_TYPE),
};

/** What only the sentence tells. The first match counts. */
const BY_SENTENCE: readonly (readonly [RegExp, DriverFault])[] = [
  [/requires TLS|TLS handshake failed|secure TLS connection/, FAULTS.tls],
  [/^Unknown topic /, faultOfCode(UNKNOWN_TOPIC)],
  [/not available in the current cluster metadata/, faultOfCode(LEADER_NOT_AVAILABLE)],
  [/^Connection .*timed out|waiting for ready/, FAULTS.notConnected],
  [/^Request timed out/, FAULTS.requestTimeout],
];

const bySentence = (message: unknown): DriverFault | undefined =>
  typeof message === 'string' ? BY_SENTENCE.find(([pattern]) => pattern.test(message))?.[1] : undefined;

const NETWORK = 'PLT_KFK_NETWORK';
const WHILE_CONNECTING = /^Connection to .* failed/;

/** A connection that broke; one that never came about sent nothing. */
const networkVerdict = (leaf: object): DriverFault | undefined => {
  if (property(leaf, 'code') !== NETWORK) return undefined;
  return WHILE_CONNECTING.test(String(property(leaf, 'message'))) ? FAULTS.notConnected : FAULTS.connectionLost;
};

const byCode = (error: object): DriverFault | undefined => {
  const code = property(error, 'code');
  if (typeof code !== 'string') return undefined;
  return Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : faultOfSystemCode(code);
};

const protocolCode = (error: object): number | undefined => {
  const code = property(error, 'apiCode');
  return typeof code === 'number' ? code : undefined;
};

const firstOf = <T>(values: readonly object[], read: (value: object) => T | undefined): T | undefined => {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Most telling first: a code of Kafka, a sentence, a code of the client or the system, the fact that a connection broke. */
const verdictOnLeaf = (leaf: object): DriverFault => {
  const chain = [...causes(leaf)].filter(isObject);
  const kafka = firstOf(chain, protocolCode);
  if (kafka !== undefined) return faultOfCode(kafka);
  const said = firstOf(chain, (error) => bySentence(property(error, 'message'))) ?? firstOf(chain, byCode);
  const network = networkVerdict(leaf);
  // The system may say "reset" of a connection that never came about.
  if (said === FAULTS.connectionLost && network !== undefined) return network;
  return said ?? network ?? FAULTS.unrecognized;
};

/** The verdict on anything the client throws. */
export const classifyPlatformatic = (error: unknown): DriverFault => {
  const verdicts = leavesOf(error).map(verdictOnLeaf);
  const last = verdicts.at(-1) ?? FAULTS.unrecognized;
  const mayBeWritten = verdicts.some(({ outcome }) => outcome === 'unknown');
  return mayBeWritten && last.outcome !== 'unknown' ? { ...last, outcome: 'unknown' } : last;
};

/** Whether the broker said that it has these records already. */
export const isDuplicate = (error: unknown): boolean => {
  const last = leavesOf(error).at(-1);
  return last !== undefined && firstOf([...causes(last)].filter(isObject), protocolCode) === DUPLICATE_SEQUENCE;
};
