/**
 * Loops and functions that share no inline cache with any other (BM-8).
 *
 * V8 keeps what it learns about a call site with the place in the source text where a function was written. Two arms that ran
 * through one loop would slow each other down, the more the more arms there are; so each is compiled from a text of its own.
 */

/** A function that a breaker protects. */
export type Protected = () => number | Promise<number>;

/** Does one operation `iterations` times, on a subject or on the function alone; answers what `last` was set to. */
export type OwnLoop<S> = (iterations: number, subject: S, fn: Protected) => Promise<unknown>;

/** The expression `text`, evaluated in the global scope. */
const evaluated = (text: string): unknown => {
  // oxlint-disable-next-line typescript/no-implied-eval -- texts of the benchmarks themselves; see above
  const expression = new Function(`'use strict'; return ${text};`);
  return Reflect.apply(expression, undefined, []);
};

/** A loop around `operation`, statements that may use `subject`, `fn`, `index` and `last`, and may await. */
export function ownLoop<S>(operation: string): OwnLoop<S>;
export function ownLoop(operation: string): unknown {
  return evaluated(`async (iterations, subject, fn) => {
    let last;
    for (let index = 0; index < iterations; index += 1) { ${operation} }
    return last;
  }`);
}

/** A function of its own, from a text such as `async () => 1`; the type says what the text must be. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a text has no type, so the caller has to know it
export function ownFunction<F>(text: string): F;
export function ownFunction(text: string): unknown {
  return evaluated(text);
}
