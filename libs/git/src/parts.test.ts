/** The small parts of the reader, without any Git. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { untilAborted, withDeadline } from './deadline.js';
import { classifyGitFailure, describeGitFailure, GitError } from './errors.js';
import { createFreshFlight } from './fresh-flight.js';
import { parseGitUrl } from './git-url.js';
import { createHostGate } from './host-gate.js';
import { LruMap } from './lru-map.js';
import { remoteKey } from './mirror/mirrors.js';
import { createKnownHostsFile } from './nodegit/known-hosts.js';

describe('parseGitUrl (S9)', () => {
  it.each([
    ['https://Host.example/org/app.git', { protocol: 'https', host: 'host.example', port: undefined, user: undefined }],
    ['http://user:pw@host:8080/app', { protocol: 'http', host: 'host', port: 8080, user: 'user' }],
    ['ssh://git@host:2222/app', { protocol: 'ssh', host: 'host', port: 2222, user: 'git' }],
    ['git@github.com:org/app.git', { protocol: 'ssh', host: 'github.com', port: undefined, user: 'git' }],
    ['host:app', { protocol: 'ssh', host: 'host', port: undefined, user: undefined }],
  ])('reads %s', (url, expected) => expect(parseGitUrl(url)).toEqual(expected));

  it.each([
    '',
    '-x',
    'a b',
    'https://',
    'ftp://h/x',
    'file:///etc',
    'ext::sh',
    '/etc/passwd',
    '../x',
    'ssh://-x/y',
    '-a@h:x',
    'h:-x',
    'x\n',
  ])('refuses "%s"', (url) => expect(() => parseGitUrl(url)).toThrow(/repository URL/));

  it('allows files only where told', () => {
    expect(parseGitUrl('file:///tmp/x', { allowFile: true }).protocol).toBe('file');
  });
});

describe('failures of hosts', () => {
  it.each([
    ['unexpected http status code: 429', 'rate-limited'],
    ['remote authentication required but no callback set', 'credentials'],
    ['git@host: Permission denied (publickey).', 'credentials'],
    ['Host key verification failed.', 'host-key'],
    ['the SSL certificate is invalid', 'certificate'],
    ['SSL certificate problem: self-signed certificate', 'certificate'],
    ['Failed to connect to host: Connection timed out', 'timeout'],
    ["fatal: repository 'x' not found", 'repository-not-found'],
    ['could not resolve host', 'unreachable'],
    ['failed to write out file: No space left on device', 'disk'],
    ['error: unable to write file: File too large', 'disk'],
  ])('%s is %s', (text, failure) => expect(classifyGitFailure(text)).toBe(failure));

  it('messages carry no credentials', () => {
    const error = describeGitFailure(
      'https://user:s3cret@host/x',
      'cannot connect to https://user:s3cret@host/x?token=abc',
    );
    expect(error.message).not.toMatch(/s3cret|abc/);
  });

  it('messages name no folders of this machine', () => {
    const text = "cannot extend packfile '/var/lib/tiphys/mirrors/0a.git/objects/pack/p1': No space left on device";
    expect(describeGitFailure('https://host/mirrors/x', text).message).toBe(
      "The disk of the repo-server is full: there is no room for https://host/mirrors/x: cannot extend packfile 'the local copy': " +
        'No space left on device. Give the repo-server more space in TIPHYS_DATA_DIR. It is retried with growing delays.',
    );
  });
});

describe('createFreshFlight', () => {
  it('joins a call that is new enough, and shares the next one otherwise', async () => {
    const clock = fakeClock();
    const flight = createFreshFlight<number>(clock);
    const releases: (() => void)[] = [];
    let calls = 0;
    const task = () => {
      calls += 1;
      const value = calls;
      return new Promise<number>((resolve) => releases.push(() => resolve(value)));
    };
    const start = clock.now().getTime();
    const first = flight.run('k', 0, task);
    const joined = flight.run('k', start, task);
    const newer = [flight.run('k', start + 1, task), flight.run('k', start + 1, task)];
    expect(calls).toBe(1);
    clock.advance(10);
    releases[0]!();
    expect([(await first).value, (await joined).value]).toEqual([1, 1]);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    releases[1]!();
    expect(await Promise.all(newer)).toEqual([2, 2].map((value) => ({ value, startedAt: start + 10 })));
    expect(calls).toBe(2);
  });

  it('a failure is shared and forgotten', async () => {
    const flight = createFreshFlight<number>(fakeClock());
    const failing = () => Promise.reject(new Error('down'));
    await expect(Promise.all([flight.run('k', 0, failing), flight.run('k', 0, failing)])).rejects.toThrow('down');
    expect((await flight.run('k', 0, () => Promise.resolve(1))).value).toBe(1);
  });
});

describe('createHostGate', () => {
  it('leaves a host alone that answered "too many requests", and only that host', async () => {
    const clock = fakeClock();
    const gate = createHostGate({ perHost: 1, clock });
    const limited = () => Promise.reject(new GitError('rate-limited', 'x', { retry: { afterMs: 5_000 } }));
    await expect(gate.run('a', limited)).rejects.toThrow();
    await expect(gate.run('a', () => Promise.resolve(1))).rejects.toMatchObject({ retry: { afterMs: 5_000 } });
    expect(await gate.run('b', () => Promise.resolve(1))).toBe(1);
    clock.advance(5_001);
    expect(await gate.run('a', () => Promise.resolve(1))).toBe(1);
  });
});

describe('createKnownHostsFile', () => {
  it('users of the same lines go side by side, others wait until the file may change', async () => {
    const home = mkdtempSync(join(tmpdir(), 'known-hosts-'));
    onTestFinished(() => rmSync(home, { recursive: true, maxRetries: 5 }));
    const file = createKnownHostsFile(home);
    const read = (): string => readFileSync(join(home, '.ssh', 'known_hosts'), 'utf8');
    const log: string[] = [];
    const use = (lines: string) =>
      file.use(lines, async () => {
        log.push(`begin ${lines}`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`end ${lines} ${read()}`);
      });
    await Promise.all([use('a'), use('a'), use('b'), use('a')]);
    expect(log.filter((line) => line.startsWith('end'))).toEqual(['end a a', 'end a a', 'end b b', 'end a a']);
    expect(log.slice(0, 2)).toEqual(['begin a', 'begin a']);
  });
});

describe('LruMap', () => {
  it('drops what was used longest ago, by size', () => {
    const map = new LruMap<string, number>(10);
    map.set('a', 1, 4);
    map.set('b', 2, 4);
    map.get('a');
    map.set('c', 3, 4);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 8]);
    map.resize('c', 9);
    expect([map.get('a'), map.get('c')]).toEqual([undefined, 3]);
  });
});

describe('remoteKey', () => {
  it('differs by address and by every credential, and hides them', () => {
    const remotes = [
      { url: 'https://h/a', credentials: {} },
      { url: 'https://h/b', credentials: {} },
      { url: 'https://h/a', credentials: { username: 'u' } },
      { url: 'https://h/a', credentials: { username: 'u', password: 'p' } },
      { url: 'https://h/a', credentials: { sshPrivateKey: 'k' } },
    ];
    expect(new Set(remotes.map(remoteKey)).size).toBe(remotes.length);
    expect(remoteKey(remotes[0]!)).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe('deadlines', () => {
  const never = new Promise<never>(() => undefined);
  it('leave work behind that takes too long, or that nobody waits for', async () => {
    const { signal } = new AbortController();
    await expect(withDeadline(never, { ms: 1, url: 'u', signal })).rejects.toMatchObject({ failure: 'timeout' });
    await expect(untilAborted(never, AbortSignal.timeout(1))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await withDeadline(Promise.resolve(1), { ms: 1_000, url: 'u', signal })).toBe(1);
  });
});
