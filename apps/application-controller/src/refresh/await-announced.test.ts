/** A refresh that a webhook asked for, while replicas of the Git host are behind (J01). */
import { GitOpsError } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { createAnnouncedRevisions } from '../adapters/announced-revisions.js';
import { application, configMap, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { recordingLog } from '../testing/recording-ports.js';
import { KEY, world } from '../testing/world.js';

const AT = new Date('2026-01-01T00:00:00Z').getTime();
const { source, destination } = specOf();

/** An application that was compared at A, after a webhook that announced B. */
function pushed({ since = AT }: { readonly since?: number } = {}) {
  const sync = { status: 'Synced', revision: SHA_A, comparedTo: { source: source as never, destination } } as const;
  const it = world(application({ status: { sync } }), {
    git: [configMap('a')],
    pending: { level: 3, hardness: 0, since, token: 'token-1' },
  });
  it.announcedRevisions.announced = { before: SHA_A, after: [SHA_B], at: AT };
  return it;
}
const again = (since: number) => ({ key: KEY, priority: 'webhook', request: { level: 3, hardness: 0, since } });
const revisionOf = (it: ReturnType<typeof pushed>) => it.app()?.status?.sync?.revision;

describe('a refresh after a webhook', () => {
  it('that finds the announced commit is done', async () => {
    const it = pushed();
    it.commit([configMap('a')], { revisions: [SHA_B] });
    expect(await it.refresh()).toEqual({ kind: 'done' });
    expect({ revision: revisionOf(it), again: it.refreshQueue.enqueued }).toEqual({ revision: SHA_B, again: [] });
  });

  it('that finds the old commit compares it, and asks again for a newer answer', async () => {
    const it = pushed();
    expect(await it.refresh()).toMatchObject({ kind: 'requeueAfter', ms: 1_000, priority: 'webhook' });
    expect(revisionOf(it)).toBe(SHA_A);
    expect(it.refreshQueue.enqueued).toEqual([again(AT + 1_000)]);
    expect(it.refreshQueue.delays).toEqual([1_000]);
    expect(it.refreshQueue.acknowledged).toEqual(['token-1']);
  });

  it('goes on with the old commit after 30 s, and says so', async () => {
    const it = pushed();
    it.clock.advance(30_000);
    expect(await it.refresh()).toEqual({ kind: 'done' });
    expect(it.refreshQueue.enqueued).toEqual([]);
    expect(it.announcedRevisions.missedRevisions).toMatchObject([{ resolved: SHA_A, announced: { after: [SHA_B] } }]);
  });

  it('of a ref that was moved back meanwhile waits for nothing', async () => {
    const it = pushed();
    it.announcedRevisions.announced = { before: SHA_B, after: [SHA_A], at: AT };
    expect(await it.refresh()).toEqual({ kind: 'done' });
    expect(it.refreshQueue.enqueued).toEqual([]);
  });

  it('keeps the state as it is while the commit cannot be fetched, then shows the failure (R8)', async () => {
    const it = pushed();
    it.manifests.answer = new GitOpsError('Upstream', 'the host names the commit, but does not serve it yet');
    expect(await it.refresh()).toMatchObject({ kind: 'requeueAfter', ms: 1_000 });
    expect(it.app()?.status?.conditions).toBeUndefined();
    it.clock.advance(30_000);
    await expect(it.refresh()).rejects.toThrow('does not serve it yet');
    expect(it.app()?.status?.conditions).toMatchObject([{ type: 'ComparisonError' }]);
  });

  it('shows at once that a ref is not there, and looks again since it may come', async () => {
    const it = pushed();
    it.manifests.answer = new GitOpsError('ManifestGeneration', 'there is no branch "main"');
    expect(await it.refresh()).toMatchObject({ kind: 'requeueAfter', ms: 1_000 });
    expect(it.app()?.status?.conditions).toMatchObject([{ type: 'ComparisonError' }]);
  });

  it.each([
    ['of which nothing was announced', AT, undefined],
    ['that no webhook asked for', 0, { before: SHA_A, after: [SHA_B], at: AT }],
  ])('%s is one look', async (_, since, announced) => {
    const it = pushed({ since });
    it.announcedRevisions.announced = announced;
    expect(await it.refresh()).toEqual({ kind: 'done' });
    expect(it.refreshQueue.enqueued).toEqual([]);
  });
});

describe('what a webhook announced, from the cache', () => {
  it('is read as it was written, and told once when it has not come', async () => {
    const log = recordingLog();
    const values = new Map<string, unknown>([
      ['announced:https%3A%2F%2Fgit.test%2Frepo  main ', { after: [SHA_B], at: AT }],
    ]);
    const cache = { getJson: async <T>(key: string, parse: (value: unknown) => T) => parse(values.get(key)) };
    const revisions = createAnnouncedRevisions({ cache, log });
    const other = { repoURL: 'https://git.test/other.git' };
    expect(await revisions.read([source as never, other])).toEqual([{ after: [SHA_B], at: AT }, undefined]);
    for (const at of [AT, AT, AT + 1]) {
      revisions.missed(source as never, { announced: { after: [SHA_B], at }, resolved: SHA_A });
    }
    expect(log.warnings).toHaveLength(2);
  });
});
