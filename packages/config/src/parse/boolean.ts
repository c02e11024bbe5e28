import { parsed, refused, type Parsed } from './parsed.ts';

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** `true false 1 0 yes no on off`, in any case; nothing else, so that `"maybe"` never becomes true. */
export const parseBoolean = (text: string): Parsed<boolean> => {
  const value = WORDS.get(text.toLowerCase());
  return value === undefined ? refused('is not a boolean', 'write true or false') : parsed(value);
};
