/** Pages of lists: every application once, whatever happens in between; tokens that do not fit are refused. */
import type { ApplicationListQuery } from '@tiphys/api-contract';
import { describe, expect, it } from 'vitest';
import type { ApplicationDeps } from '../../applications/deps.js';
import { applicationEntry, createApplicationStore } from '../../applications/store.js';
import type { Subject } from '../../http/context.js';
import { createListApplications } from './list.js';

const user: Subject = {
  ...{ username: 'admin', issuer: 'argocd', groups: [], issuedAt: 0, expiresAt: undefined, tokenId: undefined },
};

interface List {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly counts?: { readonly total: number };
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

function setup(count: number) {
  const store = createApplicationStore();
  const clock = { time: Date.parse('2026-01-01T00:00:00Z') };
  const put = (name: string) =>
    store.put(
      applicationEntry({
        ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
        metadata: { name, namespace: 'argocd', resourceVersion: String(store.version + 1) },
        spec: { project: 'default', destination: {} },
      }),
    );
  for (let index = 0; index < count; index += 1) put(`app-${index}`);
  const deps = {
    ...{ store, namespace: 'argocd', projects: { version: 0 } },
    settings: { version: () => '0', clusters: () => [] },
    authorizer: () => true,
    clock: { now: () => new Date(clock.time) },
  } as unknown as ApplicationDeps;
  const handler = createListApplications(deps);
  const context = { user, signal: new AbortController().signal };
  const ask = async (query: ApplicationListQuery) =>
    (await handler({ params: undefined, query, body: undefined }, context)) as { serialized: string; etag: string };
  const list = async (query: ApplicationListQuery) => JSON.parse((await ask(query)).serialized) as List;
  return { store, put, clock, ask, list };
}

const names = ({ items }: List) => items.map(({ metadata }) => metadata.name);

describe('pages', () => {
  it('without a limit there is one, as Argo CD answers it', async () => {
    const { list } = setup(3);
    expect(await list({})).toEqual({
      metadata: { resourceVersion: '3' },
      items: ['app-0', 'app-1', 'app-2'].map((name) =>
        expect.objectContaining({ metadata: expect.objectContaining({ name }) }),
      ),
    });
  });

  it('hold every application once, with how many remain', async () => {
    const { list } = setup(5);
    const first = await list({ limit: 2, counts: true });
    expect(first.metadata).toMatchObject({ remainingItemCount: 3, counts: { total: 5 } });
    const second = await list({ limit: 2, continue: first.metadata.continue ?? '' });
    expect(second.metadata).toMatchObject({ remainingItemCount: 1 });
    expect(second.metadata.counts).toBeUndefined();
    const last = await list({ limit: 50, continue: second.metadata.continue ?? '' });
    expect(last.metadata.continue).toBeUndefined();
    expect([first, second, last].flatMap(names)).toEqual(['app-0', 'app-1', 'app-2', 'app-3', 'app-4']);
  });

  it('go on after an application that is gone, and neither repeat nor leave out for what came before', async () => {
    const { list, store, put } = setup(5);
    const first = await list({ limit: 2 });
    store.remove('argocd/app-1');
    put('aaa');
    expect(names(await list({ limit: 2, continue: first.metadata.continue ?? '' }))).toEqual(['app-2', 'app-3']);
  });

  it('may end with the last item, and an empty filter is an empty page', async () => {
    const { list } = setup(2);
    expect((await list({ limit: 2 })).metadata.continue).toBeUndefined();
    expect(await list({ limit: 2, search: 'nothing', counts: true })).toMatchObject({
      ...{ items: [], metadata: { counts: { total: 0, sync: {} } } },
    });
  });

  it('a token of another query, no token, and an old one are refused with what to do', async () => {
    const { list, clock } = setup(3);
    const { continue: token = '' } = (await list({ limit: 1 })).metadata;
    await expect(list({ limit: 1, continue: token, order: 'desc' })).rejects.toMatchObject({ kind: 'invalidArgument' });
    await expect(list({ limit: 1, continue: 'x' })).rejects.toThrow(/take it from metadata.continue/);
    const forged = Buffer.from('[1,1]').toString('base64url');
    await expect(list({ limit: 1, continue: forged })).rejects.toMatchObject({ kind: 'expired' });
    clock.time += 3_700_000;
    await expect(list({ limit: 1, continue: token })).rejects.toThrow(/too old; begin again/);
  });

  it('an equal question is answered with the same object until something changes', async () => {
    const { ask, put } = setup(2);
    const first = await ask({ limit: 1 });
    expect(await ask({ limit: 1 })).toBe(first);
    put('another');
    const second = await ask({ limit: 1 });
    expect(second).not.toBe(first);
    expect(second.etag).not.toBe(first.etag);
  });

  it('a field mask keeps what pages need', async () => {
    const { list } = setup(3);
    const query = { limit: 1, counts: true, fields: 'metadata,items.metadata.name' };
    expect(await list(query)).toMatchObject({
      metadata: { resourceVersion: '3', remainingItemCount: 2, counts: { total: 3 } },
      items: [{ metadata: { name: 'app-0' } }],
    });
  });
});
