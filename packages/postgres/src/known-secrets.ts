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

/** The latest secrets of somebody; no object shows them. */
export class SecretSet {
  readonly #secrets = new Set<string>();
  #forms: readonly string[] = [];

  /** One more; the one that was added first is forgotten where there are 256. */
  add(secret: string): void {
    if (secret.length < MIN_CHARS) return;
    this.#secrets.delete(secret);
    this.#secrets.add(secret);
    for (const oldest of this.#secrets) if (this.#secrets.size > MAX_SECRETS) this.#secrets.delete(oldest);
    this.#forms = [...this.#secrets].flatMap(formsOf);
  }

  get forms(): readonly string[] {
    return this.#forms;
  }
}

const spansOf = (text: string, secrets: readonly string[]): readonly Span[] => {
  const spans: Span[] = [];
  for (const secret of secrets)
    for (let from = text.indexOf(secret); from !== -1; from = text.indexOf(secret, from + 1))
      spans.push({ from, to: from + secret.length });
  return spans.toSorted((a, b) => a.from - b.from);
};

/**
 * The first `maxChars` characters with the secrets replaced. Of secrets that overlap nothing is left, nor of one that the end would cut in two.
 */
export const hideSecrets = (text: string, secrets: readonly string[], maxChars: number): string => {
  let longest = 0;
  for (const secret of secrets) longest = Math.max(longest, secret.length);
  let clean = '';
  let done = 0;
  for (const { from, to } of spansOf(text.slice(0, maxChars + longest), secrets)) {
    if (from >= maxChars) break;
    if (from > done || clean === '') clean += text.slice(done, from) + HIDDEN;
    done = Math.max(done, to);
  }
  return clean + text.slice(done, Math.max(done, maxChars));
};

const logins = new SecretSet();

/** A password that a pool of this process logs in with. */
export const rememberLogin = (password: string): void => logins.add(password);

export const knownLogins = (): readonly string[] => logins.forms;

/** What the package itself shows of the texts of others never holds a password of its pools. */
export const hideLogins = (text: string, maxChars = text.length): string => hideSecrets(text, knownLogins(), maxChars);
