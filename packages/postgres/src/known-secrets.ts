/** Takes texts that must never be shown out of others. Pure; time linear in the text for a bounded number of secrets. */

const HIDDEN = '[redacted]';
/** Shorter ones would be found everywhere. */
const MIN_CHARS = 4;
const MAX_SECRETS = 256;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** As it stands in a URL and in JSON as well. */
const formsOf = (secret: string): readonly string[] => {
  const forms = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)];
  return forms.filter((form, index) => forms.indexOf(form) === index);
};

/** No name of a verdict is cut off in front of this. */
const MAX_NAME_CHARS = 32;

/** As SQL makes a name of it: in lower case, and perhaps cut off. */
const namesOf = (form: string): readonly string[] => {
  const name = form.toLowerCase();
  return name.length > MAX_NAME_CHARS ? [name, name.slice(0, MAX_NAME_CHARS)] : [name];
};

/** The latest secrets of somebody; no object shows them. */
export class SecretSet {
  readonly #secrets = new Set<string>();
  #forms: readonly string[] = [];
  #names: readonly string[] = [];

  /** One more; the one that was added first is forgotten where there are 256. */
  add(secret: string): void {
    if (secret.length < MIN_CHARS) return;
    const isKnown = this.#secrets.delete(secret);
    this.#secrets.add(secret);
    if (isKnown) return;
    for (const oldest of this.#secrets) if (this.#secrets.size > MAX_SECRETS) this.#secrets.delete(oldest);
    this.#forms = [...this.#secrets].flatMap(formsOf);
    this.#names = this.#forms.flatMap(namesOf);
  }

  get forms(): readonly string[] {
    return this.#forms;
  }

  /** In lower case; another array once another secret is known. */
  get names(): readonly string[] {
    return this.#names;
  }
}

const spansOf = (text: string, secrets: readonly string[]): readonly Span[] => {
  const spans: Span[] = [];
  for (const secret of secrets)
    for (let from = text.indexOf(secret); from !== -1; from = text.indexOf(secret, from + 1))
      spans.push({ from, to: from + secret.length });
  return spans.toSorted((a, b) => a.from - b.from);
};

const longestOf = (texts: readonly string[]): number => {
  let longest = 0;
  for (const { length } of texts) longest = Math.max(longest, length);
  return longest;
};

const withoutSpans = (text: string, spans: readonly Span[], maxChars: number): string => {
  let clean = '';
  let done = 0;
  for (const { from, to } of spans) {
    if (from >= maxChars) break;
    if (from > done || clean === '') clean += text.slice(done, from) + HIDDEN;
    done = Math.max(done, to);
  }
  return clean + text.slice(done, Math.max(done, maxChars));
};

/**
 * The first `maxChars` characters with the secrets replaced. Of secrets that overlap nothing is left, nor of one that the end would cut in two.
 */
export const hideSecrets = (text: string, secrets: readonly string[], maxChars: number): string =>
  withoutSpans(text, spansOf(text.slice(0, maxChars + longestOf(secrets)), secrets), maxChars);

const logins = new SecretSet();

/** A password that a pool of this process logs in with. */
export const rememberLogin = (password: string): void => logins.add(password);

export const knownLogins = (): readonly string[] => logins.forms;

/** Another array once another password is known. */
export const knownLoginNames = (): readonly string[] => logins.names;

/**
 * What the package itself shows of the texts of others never holds a password of its pools, in whatever case: the server, and a verdict, tell names in
 * lower case.
 */
export const hideLogins = (text: string, maxChars = text.length): string => {
  const names = knownLoginNames();
  if (names.length === 0) return text.slice(0, maxChars);
  const lower = text.toLowerCase();
  const spans = spansOf(lower.slice(0, maxChars + longestOf(names)), names);
  // Few letters are longer in lower case; then the places are those of the lower case.
  return withoutSpans(lower.length === text.length ? text : lower, spans, maxChars);
};
