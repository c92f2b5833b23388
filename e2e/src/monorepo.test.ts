/** One repository, many applications: a commit that touches one costs the others nothing (B02, C20-C24, R21). */

import { beforeAll, describe, expect, it } from 'vitest';
import { call } from './support/api.js';
import { pushed } from './support/application.js';
import { type Fleet, fleet } from './support/fleet.js';
import { useSite } from './support/site.js';

const site = useSite('monorepo');
const SIZE = 100;
let all: Fleet;

beforeAll(async () => {
  all = await fleet(site(), SIZE);
  await all.create();
  await all.areSynced();
});

/** `tiphys_renders_total{result="rendered"}` of the repo-server. */
async function renders(): Promise<number> {
  const { text } = await call(site().installation.service('repo-server').opsUrl, 'GET', { path: '/metrics' });
  return Number(/^tiphys_renders_total\{result="rendered"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function cost(work: () => Promise<unknown>) {
  const [before, since] = [await renders(), await site().now()];
  site().git.clearRequests();
  await work();
  const { git } = site();
  const [fetches, listings] = [git.count('fetch'), Math.max(git.count('ls-refs'), git.count('info-refs'))];
  return { fetches, listings, renders: (await renders()) - before, writes: (await all.writes(since)).list };
}

describe(`${SIZE} applications in one repository`, () => {
  it('are fetched a few times at most for the first sync, and each is rendered once', async () => {
    expect(site().git.count('fetch')).toBeLessThanOrEqual(2);
    expect(await renders()).toBe(SIZE);
  });

  it('a pushed commit that touches one: at most 1 fetch and 2 looks at the refs, 1 render, 1 object written', async () => {
    const [name = ''] = all.names;
    const spent = await cost(async () => {
      const commit = await all.push([name], '2');
      await all.areSynced(commit);
    });
    expect(spent.fetches).toBeLessThanOrEqual(1);
    expect(spent.listings).toBeLessThanOrEqual(2);
    expect(spent).toMatchObject({ renders: 1, writes: [`patch configmaps/${name}`] });
    expect((await all.values())[name]).toBe('2');
  });

  it('a pushed commit that touches none renders nothing and writes no object', async () => {
    const spent = await cost(async () => {
      const commit = await all.repository.commit({ 'README.md': 'words' });
      await pushed(site(), { url: all.repository.url, commit, files: ['README.md'] });
      await all.areSynced(commit);
    });
    expect(spent.fetches).toBeLessThanOrEqual(1);
    expect(spent).toMatchObject({ renders: 0, writes: [] });
  });

  it('ten pushes in a row end with the last one everywhere (R21)', async () => {
    const some = all.names.slice(10, 13);
    let commit = '';
    const spent = await cost(async () => {
      for (let value = 1; value <= 10; value++) commit = await all.push(some, `burst ${value}`);
      await all.areSynced(commit);
    });
    const values = await all.values();
    expect(some.map((name) => values[name])).toEqual(some.map(() => 'burst 10'));
    expect(new Set(spent.writes)).toEqual(new Set(some.map((name) => `patch configmaps/${name}`)));
  });
});
