/** The comparison as a page of Markdown. */
import type { Comparison, PlayedByAll, PlayedByOne, Searched } from './compare.ts';
import { FAILURES, NO_BOUND_MS, OPEN_MS, type Peer } from './peer.ts';
import { busbar } from './peers/busbar.ts';
import { formatTrace } from './session.ts';

/** The versions of the peers that were compared, by package. Ours needs none: it is the one of this repository. */
export type Versions = Readonly<Record<string, string>>;

const table = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
};

const judged = (seen: string | undefined, right: string): string => {
  if (seen === undefined) return '–';
  return seen === right ? `✓ ${seen}` : `✗ ${seen}`;
};

const labelOf = ({ name }: Peer, versions: Versions): string =>
  name === busbar.name ? 'Busbar' : `${name} ${versions[name] ?? ''}`.trim();

const searchedRow = ({ peer, invariant, finding: { runs, trace } }: Searched, versions: Versions): string[] => [
  `${invariant.id} ${invariant.rule}`,
  labelOf(peer, versions),
  trace === undefined ? '✓ held' : '✗ broken',
  String(runs),
  trace === undefined ? '' : formatTrace(trace),
];

const commonRow = ({ scenario, seen }: PlayedByAll): string[] => [
  scenario.title,
  ...seen.map((one) => judged(one, scenario.right)),
];

const ownRow = ({ scenario, seen, ours }: PlayedByOne): string[] => [
  scenario.id,
  scenario.title,
  judged(seen, scenario.right),
  judged(ours, scenario.right),
];

/** Everything that was found, with what is needed to find it again. */
export const renderComparison = (comparison: Comparison, versions: Versions): string => {
  const { options, peers, searched, playedByAll, playedByOne } = comparison;
  const named = (peer: Peer): string => labelOf(peer, versions);
  const own = peers
    .filter((peer) => peer !== busbar)
    .map((peer) => {
      const rows = playedByOne.filter((played) => played.peer === peer).map(ownRow);
      return table([['', 'What is done', named(peer), 'Busbar'], ...rows]);
    });
  return `${[
    '# Circuit breakers compared',
    `Made by \`pnpm compare\` with seed ${options.seed}. The page in the repository is written with \`--write\`, and a test repeats it. Time is virtual, so nothing here depends on the machine. The breaker of deno std is not among them: it is not published on npm.`,
    table([['Breaker', 'Set up as'], ...peers.map((peer) => [named(peer), peer.options])]),
    `Each opens after ${FAILURES} failures for ${OPEN_MS} ms and then asks for one probe, unless the text says otherwise. None limits the time of a call: a limit of the caller, of opossum (10 s by default) or mollitia's halfOpenStateMaxDelay (off by default) would end a hung probe too.`,
    '## Random scripts',
    `Up to ${options.runs} random scripts of calls, results and pauses; the last column is the shortest one that breaks the rule, shrunk from the first that did. \`#3\` is the third call that was begun; a result is stale if its call began in an earlier state. Every script ends with a long quiet and a call: ${NO_BOUND_MS} ms where a breaker promises no time, ${busbar.quietMs} ms with Busbar, its lease and open time.`,
    table([
      ['Rule', 'Breaker', 'Verdict', 'Scripts', 'Shortest script'],
      ...searched.map((one) => searchedRow(one, versions)),
    ]),
    '## The same scenario for everybody',
    table([['What is done', ...peers.map((peer) => named(peer))], ...playedByAll.map(commonRow)]),
    '## Scenarios of one breaker, and the same with Busbar',
    ...own,
  ].join('\n\n')}\n`;
};
