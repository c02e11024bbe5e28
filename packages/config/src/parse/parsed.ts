/** What became of a text: a value, or why it is none. The message never repeats the text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly help?: string };

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value });

export const refused = (message: string, help?: string): Parsed<never> =>
  help === undefined ? { ok: false, message } : { ok: false, message, help };
