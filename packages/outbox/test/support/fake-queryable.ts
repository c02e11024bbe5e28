import type { Queryable } from '../../src/ports.ts';

export interface FakeQueryable extends Queryable {
  readonly calls: { text: string; values: readonly unknown[] }[];
}

type Answer = readonly unknown[] | Error | Promise<readonly unknown[]>;

/** Answers statements by a part of their text; what nobody answers gives no rows. */
export const fakeQueryable = (
  answers: Readonly<Record<string, (values: readonly unknown[]) => Answer>>,
): FakeQueryable => {
  const calls: { text: string; values: readonly unknown[] }[] = [];
  return {
    calls,
    query: async (text, values) => {
      calls.push({ text, values });
      const found = Object.entries(answers).find(([part]) => text.includes(part));
      const answer = await found?.[1](values);
      if (answer instanceof Error) throw answer;
      return { rows: answer ?? [], rowCount: answer?.length ?? 0 };
    },
  };
};

/** An error as a PostgreSQL client throws it. */
export const sqlError = (code: string): Error =>
  Object.assign(new Error('refused by the server'), { code, severity: 'ERROR' });
