/**
 * SASL as a broker does it: PLAIN, and SCRAM (RFC 5802) with one fixed salt, so that the secret need not be stored twice. The
 * credentials can be changed; connections that are authenticated stay so.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

import type { RequestReader } from './served-request.ts';

const UNSUPPORTED_SASL_MECHANISM = 33;
export const ILLEGAL_SASL_STATE = 34;
const SASL_AUTHENTICATION_FAILED = 58;

export interface FakeCredentials {
  readonly username: string;
  readonly password: string;
}

/** One step of an exchange: what the server says, and whether that was the end. */
export interface SaslStep {
  readonly reply: Buffer;
  readonly isDone: boolean;
}

/** Takes the client's messages one by one; undefined refuses. */
export type SaslExchange = (message: Buffer) => SaslStep | undefined;

const ITERATIONS = 4_096;

const plain =
  (expected: FakeCredentials): SaslExchange =>
  (message) => {
    const [, username, password] = message.toString('utf8').split('\0');
    const isRight = username === expected.username && password === expected.password;
    return isRight ? { reply: Buffer.alloc(0), isDone: true } : undefined;
  };

const attribute = (message: string, name: string): string =>
  message
    .split(',')
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(2) ?? '';

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, index) => byte ^ b.readUInt8(index)));

const scram = (hash: 'sha256' | 'sha512', expected: FakeCredentials): SaslExchange => {
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const salt = randomBytes(16);
  let greeting: string | undefined;
  const answerFirst = (message: string): SaslStep | undefined => {
    const clientFirst = message.replace(/^[^,]*,[^,]*,/, '');
    if (attribute(clientFirst, 'n') !== expected.username) return undefined;
    const nonce = attribute(clientFirst, 'r') + randomBytes(12).toString('hex');
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`;
    greeting = `${clientFirst},${serverFirst}`;
    return { reply: Buffer.from(serverFirst), isDone: false };
  };
  const answerFinal = (message: string, greeted: string): SaslStep | undefined => {
    const salted = pbkdf2Sync(expected.password, salt, ITERATIONS, hash === 'sha256' ? 32 : 64, hash);
    const proofAt = message.lastIndexOf(',p=');
    const signed = `${greeted},${message.slice(0, proofAt)}`;
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(hash).update(clientKey).digest();
    const proof = xor(clientKey, hmac(storedKey, signed));
    const given = Buffer.from(message.slice(proofAt + 3), 'base64');
    if (given.length !== proof.length || !timingSafeEqual(given, proof)) return undefined;
    const signature = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
    return { reply: Buffer.from(`v=${signature}`), isDone: true };
  };
  return (message) => {
    const text = message.toString('utf8');
    return greeting === undefined ? answerFirst(text) : answerFinal(text, greeting);
  };
};

const MECHANISMS = new Map<string, (expected: FakeCredentials) => SaslExchange>([
  ['PLAIN', plain],
  ['SCRAM-SHA-256', (expected) => scram('sha256', expected)],
  ['SCRAM-SHA-512', (expected) => scram('sha512', expected)],
]);

/** Where a connection stands with its authentication. */
export class SaslSession {
  readonly #credentials: () => FakeCredentials | undefined;
  #exchange: SaslExchange | undefined;
  #isDone = false;

  /** Without credentials everybody may come in. */
  constructor(credentials: () => FakeCredentials | undefined) {
    this.#credentials = credentials;
  }

  get isAuthenticated(): boolean {
    return this.#isDone || this.#credentials() === undefined;
  }

  /** The error code. */
  begin(mechanism: string): number {
    const expected = this.#credentials();
    const make = MECHANISMS.get(mechanism);
    if (expected === undefined) return ILLEGAL_SASL_STATE;
    if (make === undefined) return UNSUPPORTED_SASL_MECHANISM;
    this.#exchange = make(expected);
    return 0;
  }

  step(message: Buffer): SaslStep | undefined {
    const step = this.#exchange?.(message);
    this.#isDone = step?.isDone === true;
    return step;
  }
}

export const readSaslHandshake: RequestReader = (reader) => {
  const mechanism = reader.string();
  return {
    targets: [],
    run: ({ effect, sasl }) => {
      const errorCode = effect?.errorCode ?? sasl.begin(mechanism);
      return (writer) => {
        writer.int16(errorCode).array([...MECHANISMS.keys()], (name) => {
          writer.string(name);
        });
      };
    },
  };
};

export const readSaslAuthenticate: RequestReader = (reader, version) => {
  const message = reader.nullableBytes() ?? Buffer.alloc(0);
  reader.tags();
  return {
    targets: [],
    run: ({ effect, sasl }) => {
      const step = effect?.errorCode === undefined ? sasl.step(message) : undefined;
      return (writer) => {
        writer.int16(step === undefined ? (effect?.errorCode ?? SASL_AUTHENTICATION_FAILED) : 0);
        writer.string(step === undefined ? 'Authentication failed' : null);
        writer.lengthAndBytes(step?.reply ?? Buffer.alloc(0));
        if (version >= 1) writer.int64(0n);
        writer.tags();
      };
    },
  };
};
