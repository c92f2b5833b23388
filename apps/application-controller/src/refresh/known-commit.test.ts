import type { Application } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { world } from '../testing/world.js';

const { source, destination } = specOf();
const comparedAt = (revision: string, path = 'guestbook'): Application =>
  application({
    spec: specOf({ syncPolicy: { automated: { prune: true } } }),
    status: {
      sync: { status: 'Synced', revision, comparedTo: { source: { ...source, path } as never, destination } },
    },
  });

/** The commit that a refresh has compared, and what it asked the repo-server for. */
async function refreshed(app: Application, answer: { readonly stale?: boolean; readonly revision: string }) {
  const it = world(app, { git: [configMap('a')], pending: { level: 3, hardness: 0, since: 0, token: 't' } as never });
  const { generate } = it.manifests;
  it.manifests.generate = async (request, signal) => {
    const { stale = false } = answer;
    const given = await generate.call(it.manifests, request, signal);
    const [pinned] = request.revisions;
    return pinned === undefined ? { ...given, stale, revisions: [answer.revision] } : { ...given, revisions: [pinned] };
  };
  await it.refresh();
  return {
    compared: it.app()?.status?.sync?.revision,
    asked: it.manifests.requests.map(({ revisions }) => revisions[0]),
  };
}

describe('a comparison while the Git host is away (design 9, R8)', () => {
  it('stays at the commit that is known, whatever an older memory says', async () => {
    expect(await refreshed(comparedAt(SHA_B), { stale: true, revision: SHA_A })).toEqual({
      ...{ compared: SHA_B, asked: [undefined, SHA_B] },
    });
  });

  it.each([
    { name: 'the memory is of the known commit', app: comparedAt(SHA_A), stale: true },
    { name: 'the host itself moved the ref back', app: comparedAt(SHA_B), stale: false },
    { name: 'the known commit is of another source', app: comparedAt(SHA_B, 'elsewhere'), stale: true },
    { name: 'nothing was compared yet', app: application(), stale: true },
  ])('takes what it gets when $name', async ({ app, stale }) => {
    expect(await refreshed(app, { stale, revision: SHA_A })).toEqual({ compared: SHA_A, asked: [undefined] });
  });
});
