/** A host whose replicas are behind each other. */
import { removeDirectory, startGitServer, temporaryDirectory } from '@tiphys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createGitReader } from './index.js';

const { signal } = new AbortController();

it.each(['nodegit', 'git-cli'] as const)(
  'a commit that the host names but does not serve yet is a failure of the host, until it is served (J01): %s',
  async (transport) => {
    const lagging = await startGitServer();
    onTestFinished(() => lagging.stop());
    const repository = await lagging.createRepository('lagging', { 'a.yaml': 'a: 1\n' });
    const dataDirectory = temporaryDirectory('git-reader');
    onTestFinished(() => removeDirectory(dataDirectory));
    const reader = createGitReader({ dataDirectory, transport, failureMs: 0 });
    const remote = { url: repository.url, credentials: {} };
    const resolve = () => reader.resolveRevision(remote, 'main', { signal, resolvedAfterMs: Date.now() + 1 });
    await reader.openCommit(remote, await resolve(), signal);
    lagging.setFaults({ behind: 'objects' });
    const pushed = await repository.commit({ 'a.yaml': 'a: 2\n' });
    const resolved = await resolve();
    expect(resolved.commit).toBe(pushed);
    // libgit2 does not understand the refusal of the host.
    const failure = transport === 'git-cli' ? 'not-served' : 'unreachable';
    const opened = reader.openCommit(remote, resolved, signal);
    await expect(opened).rejects.toMatchObject({ code: 'Upstream', failure });
    lagging.setFaults({});
    expect((await reader.openCommit(remote, resolved, signal)).commit).toBe(pushed);
  },
);
