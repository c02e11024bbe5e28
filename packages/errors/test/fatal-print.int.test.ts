import { spawn } from 'node:child_process';

import { describe, expect, it } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;

/** Runs a script that is to die of an error; resolves with what it printed. */
const printedBy = async (code: string, flags: readonly string[] = []): Promise<string> => {
  const child = spawn(
    process.execPath,
    ['--conditions=@busbar/source', ...flags, '--input-type=module-typescript', '--eval', `${PRELUDE}\n${code}`],
    { cwd: packageDir, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const exitCode = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return `exit ${String(exitCode)}\n${printed}`;
};

/** What a driver throws: the password hangs on its client. */
const PRELUDE = `
  import { InternalError, TimeoutError, toBusbarError } from '@busbar/errors';
  const driverError = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
    code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432, client: { password: 'hunter' + '2' },
  });
  const ours = new TimeoutError({ what: 'connect', limitMs: 5 }, { cause: driverError, errors: [driverError] });
`;

describe('the print of an uncaught error', () => {
  it.each([
    ['a throw', 'throw ours;'],
    ['an unhandled rejection', 'await Promise.reject(ours);'],
    ['a rejection nobody awaits', 'void Promise.reject(ours); setTimeout(() => {}, 1_000);'],
    ['an AggregateError', 'throw new AggregateError([ours, ours], "both");'],
    ["a user's error around ours", 'throw new Error("checkout failed", { cause: ours });'],
    ['a wrapped foreign error', 'throw toBusbarError(ours, undefined);'],
    ['an error event', 'process.emit("error", ours);'],
  ])('R-STD-4 of %s hides the secrets of the cause and shows code and summary', async (_, code) => {
    const printed = await printedBy(code);
    expect(printed).toContain('exit 1');
    expect(printed).not.toContain('hunter2');
    expect(printed).toContain("code: 'BUSBAR_TIMEOUT'");
    expect(printed).toContain('connect did not finish within 5 ms: ECONNREFUSED 127.0.0.1:5432');
  });

  it('does show them of the error itself: the trap these accessors are for', async () => {
    expect(await printedBy('throw new Error("x", { cause: driverError });')).toContain('hunter2');
  });
});

describe('console output', () => {
  it('R-STD-4 of an error, alone, nested and in a cause, holds no secret', async () => {
    const printed = await printedBy(
      'console.log(ours, { ours }, new Error("x", { cause: ours })); console.log("%s %o %O %j", ours, ours, ours, ours);',
    );
    expect(printed).toContain('exit 0');
    expect(printed).toContain('[cause]: Error [ECONNREFUSED]');
    expect(printed).not.toContain('hunter2');
  });
});

describe('a process with frozen intrinsics', () => {
  it('makes, prints, sends and revives errors as ever', async () => {
    const code = `
      import { BusbarError } from '@busbar/errors';
      const quiet = new TimeoutError({ what: 'x', limitMs: 1 }, { captureStack: false, cause: driverError });
      const revived = BusbarError.fromJSON(JSON.parse(JSON.stringify(quiet)), { classes: [TimeoutError] });
      console.log(revived instanceof TimeoutError, revived.cause.code, String(revived), typeof Error.stackTraceLimit);
    `;
    const printed = await printedBy(code, ['--frozen-intrinsics', '--no-warnings']);
    expect(printed).toContain(
      'true ECONNREFUSED TimeoutError: x did not finish within 1 ms: ECONNREFUSED 127.0.0.1:5432 number',
    );
  });
});
