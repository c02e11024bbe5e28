/**
 * What to tell somebody whose client is not let in. The clients word it in many ways, and often as nothing but a lost connection; the code
 * or the sentence that gives the reason away is somewhere in the chain of causes.
 */
import { causes } from '@busbar/errors';

const UNKNOWN_AUTHORITY =
  'the certificate of the broker is signed by nobody whom this process trusts: set tls.ca to its authority';
const CLIENT_CERTIFICATE =
  'the broker takes no client without a certificate that it trusts: set tls.cert and tls.key to one of its authority';
const NOT_TLS = 'the broker does not speak TLS on this port: use the port of its TLS listener, or unset tls';
const TLS_ONLY = 'the broker speaks TLS only: set tls';
const WRONG_SECRET = 'the broker knows no user with this name, password or token: correct sasl';

const BY_CODE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the broker has expired: renew it, or correct the clock of this machine',
  CERT_NOT_YET_VALID: 'the certificate of the broker is not valid yet: correct the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the broker is for another host: use a name that it lists, or set tls.servername',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_TLS_REQUIRED: TLS_ONLY,
  ECONNREFUSED: 'nobody listens there: check brokers, and that Kafka runs',
  ENOTFOUND: 'the name of the broker is not known: check brokers and the name server',
  EAI_AGAIN: 'the name server does not answer: check brokers and the name server',
};

const BY_SENTENCE: readonly (readonly [RegExp, string])[] = [
  [/secure TLS connection was established/, NOT_TLS],
  [/Broker requires TLS/, TLS_ONLY],
  [
    /mechanism.*not supported|suitable SASL mechanism/i,
    'the broker does not offer this sasl.mechanism: choose another',
  ],
  [/SASL|authentication/i, WRONG_SECRET],
  [/timed? ?out/i, 'nobody answers in time: check brokers, firewalls and connectTimeoutMs'],
];

/** Sent by the broker about our certificate; the names vary with the version of TLS. */
const CERTIFICATE_ALERT = /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA)/;

const textOf = (error: object, name: string): string => {
  const value: unknown = name in error ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : '';
};

const byCode = (error: object): string | undefined => {
  const code = textOf(error, 'code');
  if (CERTIFICATE_ALERT.test(code)) return CLIENT_CERTIFICATE;
  return Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
};

/** A sentence with the reason and what to do, or undefined if nothing in the chain says. Codes say more than sentences. */
export const connectAdvice = (error: unknown): string | undefined => {
  const chain = [...causes(error)].filter((cause) => typeof cause === 'object' && cause !== null);
  for (const cause of chain) {
    const advice = byCode(cause);
    if (advice !== undefined) return advice;
  }
  const sentences = chain.map((cause) => textOf(cause, 'message'));
  return BY_SENTENCE.find(([pattern]) => sentences.some((sentence) => pattern.test(sentence)))?.[1];
};
