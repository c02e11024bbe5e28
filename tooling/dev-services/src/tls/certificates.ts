/**
 * Certificates made at run time, none committed: one set serves PostgreSQL, Kafka and fake brokers. EC P-256, SHA-256, X.509 v3 (RFC
 * 5280), written by hand because a certificate is thirty lines of DER around what `node:crypto` does.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  utcTime,
  utf8String,
} from './der.ts';

/** Both in PEM; the key in PKCS #8. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestCertificates {
  /** The authority whose word counts, in PEM. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: TestCertificate;
  /** The same, but it ended a day ago. */
  readonly expired: TestCertificate;
  /** For `elsewhere.invalid` only. */
  readonly wrongHost: TestCertificate;
  /** Of a client. */
  readonly client: TestCertificate;
  /** An authority that nobody here trusts, in PEM. */
  readonly otherCa: string;
  /** A client's, by that authority. */
  readonly stranger: TestCertificate;
}

interface Authority {
  readonly name: string;
  readonly key: KeyObject;
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly validMs: readonly [from: number, to: number];
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const VERSION_3 = explicit(0, integer(Buffer.from([2])));
const DNS = 2;
const IP = 7;

const nameOf = (text: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8String(text))));
const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

const basicConstraints = sequence(oid('2.5.29.19'), boolean(true), octetString(sequence(boolean(true))));
const alternativeNames = (...names: readonly Buffer[]): Buffer =>
  sequence(oid('2.5.29.17'), octetString(sequence(...names)));

const certificate = (by: Authority, subject: Subject): string => {
  const toSign = sequence(
    VERSION_3,
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    nameOf(by.name),
    sequence(...subject.validMs.map(utcTime)),
    nameOf(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    ...(subject.extensions.length === 0 ? [] : [explicit(3, sequence(...subject.extensions))]),
  );
  return pem(sequence(toSign, ECDSA_WITH_SHA256, bitString(sign('sha256', toSign, by.key))));
};

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const authority = (name: string, validMs: Subject['validMs']): Authority & { readonly cert: string } => {
  const { privateKey, publicKey } = keyPair();
  const itself = { name, key: privateKey };
  return { ...itself, cert: certificate(itself, { name, publicKey, validMs, extensions: [basicConstraints] }) };
};

const issued = (by: Authority, o: Omit<Subject, 'publicKey'>): TestCertificate => {
  const { privateKey, publicKey } = keyPair();
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate(by, { ...o, publicKey }), key };
};

/** A new set, valid from yesterday for ten days; takes 5 ms. `nowMs` epoch milliseconds. */
export const testCertificates = (nowMs = Date.now()): TestCertificates => {
  const validMs = [nowMs - DAY_MS, nowMs + 9 * DAY_MS] as const;
  const ca = authority('Busbar test authority', validMs);
  const other = authority('Somebody else', validMs);
  const here = [alternativeNames(implicit(DNS, Buffer.from('localhost')), implicit(IP, Buffer.from([127, 0, 0, 1])))];
  return {
    ca: ca.cert,
    server: issued(ca, { name: 'localhost', extensions: here, validMs }),
    expired: issued(ca, { name: 'localhost', extensions: here, validMs: [nowMs - 3 * DAY_MS, nowMs - DAY_MS] }),
    wrongHost: issued(ca, {
      name: 'elsewhere.invalid',
      extensions: [alternativeNames(implicit(DNS, Buffer.from('elsewhere.invalid')))],
      validMs,
    }),
    client: issued(ca, { name: 'alice', extensions: [], validMs }),
    otherCa: other.cert,
    stranger: issued(other, { name: 'mallory', extensions: [], validMs }),
  };
};
