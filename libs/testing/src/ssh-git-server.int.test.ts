import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDirectory, temporaryDirectory } from './process.js';
import { type SshGitServer, startSshGitServer } from './ssh-git-server.js';

const execute = promisify(execFile);
let server: SshGitServer;
let directory: string;

beforeAll(async () => {
  server = await startSshGitServer();
  directory = temporaryDirectory('ssh-test');
  writeFileSync(join(directory, 'known_hosts'), `${server.knownHosts}\n`);
  writeFileSync(join(directory, 'other_key'), server.otherPrivateKey, { mode: 0o600 });
});
afterAll(async () => {
  await server.stop();
  removeDirectory(directory);
});

function ssh(key: string): string {
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${join(directory, 'known_hosts')}`];
  return ['ssh', '-F', '/dev/null', '-i', key, ...options.map((option) => `-o ${option}`)].join(' ');
}

async function git(key: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GIT_SSH_COMMAND: ssh(key) };
  return (await execute('git', args, { env, cwd: directory })).stdout.trim();
}

describe('startSshGitServer', () => {
  it('serves a repository to the authorized key and logs the command', async () => {
    const repository = await server.createRepository('app', { 'a.yaml': 'kind: A\n' });
    const refs = await git(server.privateKeyPath, 'ls-remote', repository.url);
    expect(refs).toContain(`${await repository.head()}\trefs/heads/main`);
    await git(server.privateKeyPath, 'clone', '--quiet', repository.url, 'app');
    expect(await git(server.privateKeyPath, '-C', 'app', 'rev-parse', 'HEAD')).toBe(await repository.head());
    expect(server.commands()).toEqual(['git-upload-pack app', 'git-upload-pack app']);
  });

  it('refuses another key', async () => {
    const repository = await server.createRepository('closed', { a: '1' });
    const refused = git(join(directory, 'other_key'), 'ls-remote', repository.url);
    await expect(refused).rejects.toThrow('Permission denied');
  });

  it('allows nothing but git', async () => {
    const [command = '', ...args] = ssh(server.privateKeyPath).split(' ');
    const login = [...args, '-p', String(server.port), `${server.username}@${server.host}`, 'id'];
    await expect(execute(command, login)).rejects.toThrow('only git is allowed');
  });
});
