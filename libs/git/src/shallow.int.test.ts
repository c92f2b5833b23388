/** Repositories with `depth` (B37): little is fetched, and nothing is missing that somebody asks for. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GitRepository,
  type GitServer,
  removeDirectory,
  startGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createGitReader, type GitRemote } from './index.js';

const { signal } = new AbortController();
const commits: string[] = [];
let server: GitServer;
let repository: GitRepository;
beforeAll(async () => {
  server = await startGitServer();
  repository = await server.createRepository('deep');
  for (let index = 0; index < 5; index += 1) commits.push(await repository.commit({ 'a.txt': String(index) }));
});
afterAll(() => server.stop());

function shallow() {
  const dataDirectory = temporaryDirectory('git-shallow');
  onTestFinished(() => removeDirectory(dataDirectory));
  const reader = createGitReader({ dataDirectory });
  const remote: GitRemote = { url: repository.url, credentials: {}, depth: 1 };
  const history = (): number => {
    const mirrors = join(dataDirectory, 'mirrors');
    const [mirror = ''] = readdirSync(mirrors);
    const args = ['--git-dir', join(mirrors, mirror), 'rev-list', '--count', '--all'];
    return Number(execFileSync('git', args, { encoding: 'utf8' }));
  };
  const read = async (revision: string): Promise<string> => {
    const resolved = await reader.resolveRevision(remote, revision, { mode: 'resolve', signal });
    const tree = await reader.openCommit(remote, resolved, signal);
    const { oid = '' } = (await tree.entry('a.txt')) ?? {};
    return Buffer.from(await tree.readBlob(oid, 100)).toString();
  };
  return { read, history };
}

it('a branch brings as many commits as were asked for, also when it moves on', async () => {
  const { read, history } = shallow();
  expect(await read('main')).toBe('4');
  expect(history()).toBe(1);
  await repository.commit({ 'b.txt': 'x' });
  expect(await read('main')).toBe('4');
  expect(history()).toBeLessThanOrEqual(2);
});

it('an older commit is found by its SHA, and by the beginning of it', async () => {
  const { read, history } = shallow();
  await read('main');
  expect(await read(commits[1] ?? '')).toBe('1');
  expect(history()).toBeLessThanOrEqual(2);
  expect(await read((commits[2] ?? '').slice(0, 10))).toBe('2');
});
