import { candidateOf, type Candidate, type SecretFileProblem, type Source } from '../provenance.ts';
import type { SettingNode } from '../setting-tree.ts';
import { readText, type ReadFile } from './read-file.ts';

const MAX_SECRET_FILE_BYTES = 65_536;

/**
 * The value of a setting out of the file that `X_FILE` names, as container platforms mount it. One trailing newline is
 * stripped and nothing else; an empty file is a mistake, never an empty password.
 */
export const secretFileCandidate = (
  node: SettingNode,
  file: { path: string; env: string },
  readFile: ReadFile,
): Candidate => {
  const source: Source = { kind: 'secret-file', path: file.path, env: file.env };
  const content = readText(readFile, file.path, MAX_SECRET_FILE_BYTES);
  if (!content.ok) {
    const code = content.reason === 'too-large' ? 'SECRET_FILE_TOO_LARGE' : 'SECRET_FILE_UNREADABLE';
    return failed(source, code, `the file ${content.message}`);
  }
  const text = content.text.replace(/\r?\n$/u, '');
  return text === '' ? failed(source, 'SECRET_FILE_EMPTY', 'the file is empty') : candidateOf(node, text, source);
};

const failed = (source: Source, code: SecretFileProblem, message: string): Candidate => ({
  source,
  raw: undefined,
  problem: { code, message, help: 'check the path, the mount and the permissions of the file' },
});
