/** Politeness and distrust towards Git hosts, on both implementations. */
import { fakeClock } from '@tiphys/runtime';
import {
  type GitServer,
  type GitServerOptions,
  removeDirectory,
  startGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGitReader, type GitReaderOptions } from './index.js';

const { signal } = new AbortController();

function readerFor(transport: 'nodegit' | 'git-cli', options: Partial<GitReaderOptions> = {}) {
  const dataDirectory = temporaryDirectory('git-hosts');
  onTestFinished(() => removeDirectory(dataDirectory));
  return { reader: createGitReader({ dataDirectory, transport, failureMs: 0, ...options }) };
}

async function serverFor(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  onTestFinished(() => server.stop());
  return server;
}

describe.each(['nodegit', 'git-cli'] as const)('hosts through %s', (transport) => {
  it.each([
    ['listing refs', 'info-refs'],
    ['fetching', 'fetch'],
  ])('G14 S26 never follows a redirect to another host when %s, and shows it nothing', async (_name, what) => {
    const [own, other] = [await serverFor(), await serverFor({ username: 'robot', password: 's3cret-pass' })];
    const { url } = await other.createRepository('app', { 'a.txt': '1' });
    const { head } = await own.createRepository('app', { 'a.txt': '1' });
    own.setFaults({
      status: 302,
      headers: { location: `${url.replace('127.0.0.1', 'localhost')}/info/refs?service=git-upload-pack` },
    });
    const { reader } = readerFor(transport);
    const remote = {
      url: `${own.url}/app.git`,
      credentials: { username: 'robot', password: 's3cret-pass', forceHttpBasicAuth: true },
    };
    const failing =
      what === 'fetch'
        ? reader.openCommit(remote, { commit: await head(), ref: 'refs/heads/main' }, signal)
        : reader.testConnection(remote, signal);
    await expect(failing).rejects.toThrow(/Redirects are not followed|No branch or tag/);
    expect(other.requests).toEqual([]);
  });

  it('a host that names the end of its pause is left alone until then (Retry-After)', async () => {
    const own = await serverFor();
    const limited = await own.createRepository('app');
    own.setFaults({ status: 429, headers: { 'retry-after': '120' } });
    const { reader } = readerFor(transport);
    await expect(reader.testConnection({ url: limited.url, credentials: {} }, signal)).rejects.toMatchObject({
      ...{ failure: 'rate-limited', retry: { afterMs: 120_000 } },
    });
    own.clearRequests();
    await expect(reader.testConnection({ url: limited.url, credentials: {} }, signal)).rejects.toThrow(
      /asked again in (119|120) s/,
    );
    expect(own.requests).toEqual([]);
  });

  it.each([
    ['is slower than anybody waits', { hang: true }, /did not answer within 5 s/],
    ['limits requests', { status: 429, headers: { 'retry-after': '120' } }, /limits requests|too many requests/],
  ])(
    'R8 while a host %s, the last good answer is given with its time, and not forgotten',
    async (_name, faults, why) => {
      const own = await serverFor();
      const { url } = await own.createRepository('app', { 'a.txt': '1' });
      const clock = fakeClock();
      const { reader } = readerFor(transport, { clock, listTimeoutMs: 5_000 });
      const remote = { url, credentials: {} };
      const resolve = (mode: 'normal' | 'resolve') =>
        reader.resolveRevision(remote, 'main', { mode, signal, resolvedAfterMs: clock.now().getTime() });
      const first = await resolve('normal');
      const { resolvedAt } = first;
      own.setFaults(faults);
      clock.advance(60_000);
      const stale = await resolve('normal');
      expect(stale).toMatchObject({ commit: first.commit, resolvedAt });
      expect(stale.stale).toMatch(why);
      expect(stale.stale).toContain(resolvedAt?.toISOString());
      own.setFaults({});
      clock.advance(3_600_000);
      expect((await resolve('resolve')).stale).toBeUndefined();
    },
  );
});
