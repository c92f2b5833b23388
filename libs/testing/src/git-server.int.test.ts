import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GitServer, startGitServer } from './git-server.js';
import { removeDirectory, temporaryDirectory } from './process.js';

const execute = promisify(execFile);
let server: GitServer;
let directory: string;

beforeAll(async () => {
  server = await startGitServer();
  directory = temporaryDirectory('git-test');
});
afterAll(async () => {
  await server.stop();
  removeDirectory(directory);
});
beforeEach(() => {
  server.setFaults({});
  server.clearRequests();
});

async function git(...args: string[]): Promise<string> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  return (await execute('git', args, { env, cwd: directory })).stdout.trim();
}

describe('createRepository', () => {
  it('serves commits, branches and tags', async () => {
    const repository = await server.createRepository('team/app', {
      'a.yaml': 'kind: A\n',
      'dir/b c.yaml': 'kind: B\n',
    });
    const first = await repository.head();
    await repository.tag('v1.0.0');
    await repository.tag('v1.1.0', 'main', 'annotated');
    const second = await repository.commit({
      'a.yaml': null,
      run: { executable: '#!/bin/sh\n' },
      link: { symlink: 'run' },
    });
    await repository.branch('stable', first);
    const refs = await git('ls-remote', repository.url);
    expect(refs).toContain(`${second}\trefs/heads/main`);
    expect(refs).toContain(`${first}\trefs/heads/stable`);
    expect(refs).toContain(`${first}\trefs/tags/v1.1.0^{}`);
    expect(await repository.git('ls-tree', '-r', '--format=%(objectmode) %(path)', 'main')).toBe(
      ['100644 dir/b c.yaml', '120000 link', '100755 run'].join('\n'),
    );
    expect(await repository.head('main~1')).toBe(first);
    await repository.deleteRef('refs/heads/stable');
    expect(await git('ls-remote', '--heads', repository.url)).toBe(`${second}\trefs/heads/main`);
  });

  it('moves a branch back, as a force push does', async () => {
    const repository = await server.createRepository('forced', { a: '1' });
    const first = await repository.head();
    await repository.commit({ a: '2' });
    await repository.branch('main', first);
    expect(await git('ls-remote', repository.url, 'refs/heads/main')).toBe(`${first}\trefs/heads/main`);
  });

  it('accepts pushes', async () => {
    const repository = await server.createRepository('pushed', { a: '1' });
    await git('clone', '--quiet', repository.url, 'pushed');
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@x.invalid'];
    await git('-C', 'pushed', ...identity, 'commit', '--quiet', '--allow-empty', '-m', 'x');
    await git('-C', 'pushed', 'push', '--quiet');
    expect(await repository.head()).toBe(await git('-C', 'pushed', 'rev-parse', 'HEAD'));
    expect(server.count('push', 'pushed')).toBe(1);
  });
});

describe('startGitServer', () => {
  it.each([0, 2])('counts one fetch and one listing each with protocol %i', async (version) => {
    const name = `counted-${version}`;
    const repository = await server.createRepository(name, { a: '1' });
    const protocol = ['-c', `protocol.version=${version}`];
    await git(...protocol, 'ls-remote', repository.url);
    expect([server.count('info-refs', name), server.count('fetch', name)]).toEqual([1, 0]);
    await git(...protocol, 'clone', '--quiet', '--bare', repository.url, name);
    expect([server.count('info-refs', name), server.count('fetch', name)]).toEqual([2, 1]);
    await repository.commit({ a: '2' });
    await git(...protocol, '-C', name, 'fetch', '--quiet', 'origin', 'main');
    expect(server.count('fetch', name)).toBe(2);
    expect(server.count('fetch', 'another')).toBe(0);
  });

  it('asks for a password when told to', async () => {
    const locked = await startGitServer({ username: 'user', password: 'pass' });
    const repository = await locked.createRepository('locked', { a: '1' });
    await expect(git('ls-remote', repository.url)).rejects.toThrow();
    const withPassword = repository.url.replace('http://', 'http://user:pass@');
    expect(await git('ls-remote', withPassword)).toContain('refs/heads/main');
    await locked.stop();
  });

  it.each(['refs', 'objects'] as const)('answers as a replica that is behind with %s', async (behind) => {
    const repository = await server.createRepository(`behind-${behind}`, { a: '1' });
    const clone = `clone-${behind}`;
    await git('clone', '--quiet', '--bare', repository.url, clone);
    server.setFaults({ behind });
    const old = await repository.head();
    const pushed = await repository.commit({ a: '2' });
    expect(await git('ls-remote', '--heads', repository.url)).toContain(behind === 'refs' ? old : pushed);
    const fetch = () => git('-C', clone, 'fetch', '--quiet', 'origin', '+main:main');
    if (behind === 'objects') await expect(fetch()).rejects.toThrow(/not our ref/);
    else await fetch();
    expect(await git('-C', clone, 'rev-parse', 'main')).toBe(old);
    server.setFaults({});
    await fetch();
    expect(await git('-C', clone, 'rev-parse', 'main')).toBe(pushed);
  });

  it('fails and delays on demand', async () => {
    const repository = await server.createRepository('faulty', { a: '1' });
    server.setFaults({ status: 503 });
    await expect(git('ls-remote', repository.url)).rejects.toThrow('503');
    expect(server.requests.map((entry) => entry.status)).toEqual([503]);
    server.setFaults({ latencyMs: 150 });
    const begun = Date.now();
    await git('-c', 'protocol.version=0', 'ls-remote', repository.url);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(140);
  });
});
