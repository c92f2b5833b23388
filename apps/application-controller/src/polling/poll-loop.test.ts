import type { Application } from '@tiphys/model';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it, vi } from 'vitest';
import { application, SETTINGS, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { recordingLog, recordingQueue } from '../testing/recording-ports.js';
import { type PollLoopDeps, pollDue } from './poll-loop.js';

const { signal } = new AbortController();

function following(name: string, repoURL: string, targetRevision = 'main'): Application {
  const status = { sync: { status: 'Synced', revision: SHA_A } } as const;
  return application({
    metadata: { namespace: 'argocd', name },
    spec: specOf({ source: { repoURL, targetRevision } }),
    status,
  });
}

/** A poll loop that is driven turn by turn. `resolve`: what the Git host answers. */
function polls(apps: readonly Application[], more: Partial<PollLoopDeps> = {}) {
  const clock = fakeClock();
  const log = recordingLog();
  const queue = recordingQueue();
  const asked: string[] = [];
  const dueAt = new Map<string, number>();
  const deps: PollLoopDeps = {
    applications: () => apps,
    manifests: {
      async resolveRevision(_, { repoURL }) {
        asked.push(repoURL);
        return SHA_A;
      },
    },
    settings: () => ({ pollIntervalMs: 180_000, pollJitterMs: 60_000 }),
    random: () => 0,
    ...{ clock, log, queue },
    ...more,
  };
  const turnAfter = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await pollDue(deps, dueAt, signal);
  };
  return { asked, queue, log, clock, dueAt, turnAfter };
}

const start = new Date('2026-01-01T00:00:00Z').getTime();

describe('one turn of the poll loop', () => {
  it('asks a ref for the first time one interval after it was first seen, then once per interval', async () => {
    const { asked, turnAfter } = polls([following('a', 'repo')]);
    await turnAfter(0);
    await turnAfter(179_999);
    expect(asked).toEqual([]);
    await turnAfter(1);
    expect(asked).toEqual(['repo']);
    await turnAfter(179_999);
    expect(asked).toEqual(['repo']);
    await turnAfter(1);
    expect(asked).toEqual(['repo', 'repo']);
  });

  it.each([
    { random: 0, due: 180_000 },
    { random: 0.5, due: 210_000 },
    { random: 0.999_99, due: 239_999 },
  ])('adds a jitter below the maximum: with $random it is due after $due ms', async ({ random, due }) => {
    const { dueAt, turnAfter } = polls([following('a', 'repo')], { random: () => random });
    await turnAfter(0);
    expect([...dueAt.values()]).toEqual([start + due]);
  });

  it('asks once for however many applications, and enqueues only those that are behind', async () => {
    const apps = [following('a', 'repo'), following('b', 'repo'), following('c', 'repo')];
    const behind = { ...following('d', 'repo'), status: { sync: { status: 'Synced', revision: SHA_B } } } as const;
    const { asked, queue, turnAfter } = polls([...apps, behind]);
    await turnAfter(0);
    await turnAfter(180_000);
    expect(asked).toEqual(['repo']);
    expect(queue.enqueued).toEqual([
      { key: 'argocd/d', priority: 'periodic', request: { level: 2, hardness: 0, since: 0 } },
    ]);
  });

  it('never asks for a pinned commit', async () => {
    const { asked, dueAt, turnAfter } = polls([following('a', 'repo', SHA_B)]);
    await turnAfter(0);
    await turnAfter(1_000_000);
    expect({ asked, due: dueAt.size }).toEqual({ asked: [], due: 0 });
  });

  it('a host that fails keeps nothing else from being polled, and is asked again after one interval (R8)', async () => {
    const asked: string[] = [];
    const apps = ['bad', 'b', 'c', 'd', 'e', 'f'].map((repo) => following(repo, repo));
    const { log, turnAfter } = polls(apps, {
      manifests: {
        async resolveRevision(_, { repoURL }) {
          asked.push(repoURL);
          if (repoURL === 'bad') throw new Error('connection refused');
          return SHA_A;
        },
      },
    });
    await turnAfter(0);
    await turnAfter(180_000);
    expect(asked).toEqual(['bad', 'b', 'c', 'd', 'e', 'f']);
    expect(log.warnings).toEqual(['poll failed; the last good revision is kept']);
    await turnAfter(179_999);
    expect(asked).toHaveLength(6);
    await turnAfter(1);
    expect(asked.filter((repo) => repo === 'bad')).toHaveLength(2);
  });

  it('a host that hangs does not hold up the others, however many they are (R8)', async () => {
    const asked: string[] = [];
    const answers = new Map<string, (commit: string) => void>();
    const apps = ['hangs', 'b', 'c', 'd', 'e', 'f'].map((repo) => following(repo, repo));
    const { clock, turnAfter } = polls(apps, {
      manifests: {
        resolveRevision(_, { repoURL }) {
          asked.push(repoURL);
          if (repoURL !== 'hangs') return Promise.resolve(SHA_A);
          return new Promise((resolve) => void answers.set(repoURL, resolve));
        },
      },
    });
    await turnAfter(0);
    const turn = turnAfter(180_000);
    await vi.waitFor(() => expect(asked).toEqual(['hangs', 'b', 'c', 'd', 'e', 'f']), { timeout: 15_000 });
    answers.get('hangs')?.(SHA_A);
    await turn;
    expect(clock.now().getTime()).toBe(start + 180_000);
  });

  it('forgets a ref that nobody follows any more', async () => {
    const apps = [following('a', 'one'), following('b', 'two')];
    const { asked, dueAt, turnAfter } = polls(apps);
    await turnAfter(0);
    apps.pop();
    await turnAfter(180_000);
    expect({ asked, due: dueAt.size }).toEqual({ asked: ['one'], due: 1 });
  });

  it('asks nobody while timeout.reconciliation is 0', async () => {
    const { asked, turnAfter } = polls([following('a', 'repo')], {
      settings: () => ({ ...SETTINGS, pollIntervalMs: 0 }),
    });
    await turnAfter(0);
    await turnAfter(1_000_000);
    expect(asked).toEqual([]);
  });
});
