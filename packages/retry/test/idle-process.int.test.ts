import { runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;

it('an idle policy lets the process end', async () => {
  const code = `
    import { createRetryPolicy } from '@busbar/retry';
    const policy = createRetryPolicy({ deadlineMs: 60_000, attemptTimeoutMs: 60_000 });
    console.log(await policy.execute(() => 'done'));
  `;
  expect(await runExample(code, { packageDir })).toBe('done\n');
});

it('a pending retry keeps the process alive until it is made', async () => {
  const code = `
    import { retry } from '@busbar/retry';
    const attempt = ({ number }) => {
      if (number === 1) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      return 'attempt ' + number;
    };
    void retry(attempt, { random: () => 0.99 }).then(console.log);
  `;
  expect(await runExample(code, { packageDir })).toBe('attempt 2\n');
});
