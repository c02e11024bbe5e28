import { countAt } from './windows/count-at.ts';

/** The edit distance of two words: insertions, deletions, replacements. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = countAt(row, j) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, countAt(row, j + 1) + 1, countAt(next, j) + 1));
    }
    row = next;
  }
  return countAt(row, b.length);
};

/** The name that `word` was probably meant to be: at most a third of it differs. `undefined`: none is near. */
export const nearestName = (word: string, names: readonly string[]): string | undefined => {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const edits = distance(word.toLowerCase(), name.toLowerCase());
    if (edits < least) {
      least = edits;
      nearest = name;
    }
  }
  return nearest;
};
