/** Results as text for a terminal. */
import type { ArmResult, CaseResult, Comparison, Floor, Results, TargetResult } from './schema.ts';

const SIGNIFICANT = 3;
const MARKS = { pass: '✓', marginal: '~', fail: '✗' } as const;

/** Three significant digits, without an exponent, thousands apart: `0.0912`, `4.5`, `12 300`. */
export const formatNumber = (value: number): string =>
  value.toLocaleString('en-US', { maximumSignificantDigits: SIGNIFICANT }).replaceAll(',', ' ');

/** Lines of equal columns, the first to the left and the others to the right. */
const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};

const armRow = (arm: ArmResult): string[] => {
  const cell = (value: number | undefined): string => (value === undefined ? '–' : formatNumber(value));
  return [
    `${arm.name}${arm.caveat === undefined ? '' : ' *'}`,
    arm.role,
    cell(arm.p50),
    cell(arm.cpuNanosPerOp),
    cell(arm.bytesPerOp),
    cell(arm.operationsPerSecond),
  ];
};

const intervalOf = ({ lower, upper }: { lower: number; upper: number }): string =>
  `[${formatNumber(lower)} – ${formatNumber(upper)}]`;

const comparisonLine = (comparison: Comparison): string =>
  `${comparison.ours} ÷ ${comparison.reference}: ${formatNumber(comparison.ratio)} ${intervalOf(comparison)} ${comparison.verdict}`;

/** What a target speaks of: `ours ÷ bare, bytes`. */
const subjectOf = ({ ours, reference, kind, metric, per, over }: TargetResult): string => {
  const pair = { ratio: `${ours} ÷ ${reference}`, difference: `${ours} − ${reference}`, absolute: ours }[kind];
  return [
    pair,
    ...(over === undefined ? [] : [`each over ${over}`]),
    ...(per === undefined ? [] : [`in units of ${per}`]),
    metric,
  ].join(', ');
};

const targetLine = (target: TargetResult, isBiggerBetter: boolean): string => {
  const bound = `${isBiggerBetter ? '≥' : '≤'} ${formatNumber(target.bound)}`;
  const peers = target.peers.map(({ name, value }) => `${name} ${formatNumber(value)}`).join(', ');
  return [
    `${MARKS[target.status]} ${target.status} ${subjectOf(target)}: ${formatNumber(target.value)} ${intervalOf(target)}, target ${bound}`,
    ...(peers === '' ? [] : [`peers: ${peers}`]),
    ...(target.note === undefined ? [] : [target.note]),
  ].join('; ');
};

const headOf = ({ id, title, requirements, parameters, rounds, durationMs }: CaseResult): string => {
  const settings = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const facts = [...requirements, ...settings, `${rounds.length} rounds`, `${Math.round(durationMs / 1000)} s`];
  return `${id}  ${title}  (${facts.join(', ')})`;
};

/** One case: its arms, the comparisons, the targets, and what the peers do not guarantee. */
export const renderCase = (result: CaseResult): string => {
  if (result.voided !== undefined) return `${headOf(result)}\n  VOIDED: ${result.voided}`;
  const head = ['arm', 'role', `p50 ${result.unit}`, 'cpu ns/op', 'B/op', 'ops/s'];
  const biggerIsBetter = (target: TargetResult): boolean =>
    target.metric === 'throughput' || (target.metric === 'count' && result.direction === 'bigger');
  const lines = [
    ...columns([head, ...result.arms.map(armRow)]),
    ...result.comparisons.map(comparisonLine),
    ...result.targets.map((target) => targetLine(target, biggerIsBetter(target))),
    ...result.arms.flatMap(({ name, caveat }) => (caveat === undefined ? [] : [`* ${name}: ${caveat}`])),
  ];
  return [headOf(result), ...lines.map((line) => `  ${line}`)].join('\n');
};

const floorText = ({ class: caseClass, deltaRatio, rounds }: Floor): string =>
  `${caseClass} ±${formatNumber(deltaRatio * 100)} % (${rounds} rounds)`;

const NOT_PASSED: readonly TargetResult['status'][] = ['fail', 'marginal'];

/** The end of a run: floors, counts, and every target that did not pass. */
export const renderSummary = ({ floors, cases, noisy, machine, durationMs }: Results): string => {
  const targets = cases.flatMap(({ id, title, targets: own }) => own.map((target) => ({ id, title, target })));
  const count = (status: TargetResult['status']): number =>
    targets.filter(({ target }) => target.status === status).length;
  const voided = cases.filter((result) => result.voided !== undefined);
  return [
    `A/A floors: ${floors.map(floorText).join(', ')}`,
    `${cases.length} cases in ${Math.round(durationMs / 1000)} s; targets: ${count('pass')} pass, ${count('marginal')} marginal, ${count('fail')} fail; voided cases: ${voided.length}`,
    ...NOT_PASSED.flatMap((status) =>
      targets
        .filter(({ target }) => target.status === status)
        .map(
          ({ id, title, target }) =>
            `  ${MARKS[status]} ${status} ${id} ${title}: ${subjectOf(target)}, ${formatNumber(target.value)} against ${formatNumber(target.bound)}`,
        ),
    ),
    ...voided.map(({ id, title }) => `  ✗ voided ${id} ${title}`),
    `load ${formatNumber(machine.loadBefore)} before, ${formatNumber(machine.loadAfter)} after, on ${machine.cores} cores${noisy ? ': NOISY, not for history' : ''}`,
  ].join('\n');
};

/** Whether every case made its claims and none of them failed. */
export const isClean = (cases: readonly CaseResult[]): boolean =>
  cases.every(({ voided, targets }) => voided === undefined && targets.every(({ status }) => status !== 'fail'));
