/** What a crash or a loss of Redis costs: nothing but time (R1, R2, R6, R11). */
import { eventually } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './support/fleet.js';
import { useSite } from './support/site.js';

const site = useSite('queue');

/** Disturbs the first syncs in the middle: some applications are done, others are at work, the last ones come afterwards. */
async function disturbed(some: Fleet, disturb: () => Promise<unknown>): Promise<void> {
  let goOn: () => void = () => undefined;
  const created = some.create(new Promise<void>((resolve) => (goOn = resolve)));
  const attempt = async () => expect(await some.synced()).toBeGreaterThan(0);
  await eventually(attempt, { description: 'the first is Synced', timeoutMs: 60_000, intervalMs: 10 });
  await disturb();
  goOn();
  await created;
  await some.areSynced();
}

async function allHave(some: Fleet, value: string): Promise<void> {
  expect(await some.values()).toEqual(Object.fromEntries(some.names.map((name) => [name, value])));
}

/** Applies are idempotent, but nothing may be applied over and over, and nothing deleted. */
async function writtenOnce(some: Fleet, { since, repeats }: { since: number; repeats: number }): Promise<void> {
  const { list, entries } = await some.writes(since);
  expect(entries.filter(({ verb }) => verb === 'delete')).toEqual([]);
  expect(new Set(list).size).toBe(some.names.length);
  expect(list.length).toBeLessThanOrEqual(some.names.length + repeats);
}

describe('work that is under way', () => {
  it('survives FLUSHALL during the first syncs of 100 applications (R1)', async () => {
    const some = await fleet(site(), 100);
    const since = await site().now();
    await disturbed(some, () => site().redis.flushAll());
    await allHave(some, '1');
    await writtenOnce(some, { since, repeats: 20 });
  });

  it('survives FLUSHALL while pushed commits wait for their turn (R1)', async () => {
    const some = await fleet(site(), 30);
    await some.create();
    await some.areSynced();
    const commit = await some.push(some.names, '2');
    await site().redis.flushAll();
    await some.areSynced(commit);
    await allHave(some, '2');
  });

  it('is finished by the next controller after SIGKILL in the middle of it (R6, R11)', async () => {
    const some = await fleet(site(), 60);
    const since = await site().now();
    const controller = site().installation.service('application-controller');
    await disturbed(some, async () => {
      await controller.kill();
      await controller.start();
    });
    await allHave(some, '1');
    await writtenOnce(some, { since, repeats: 30 });
  });

  it('is finished when the repo-server is killed and comes back (R9)', async () => {
    const some = await fleet(site(), 30);
    const repoServer = site().installation.service('repo-server');
    await disturbed(some, async () => {
      await repoServer.kill();
      await repoServer.start();
    });
    await allHave(some, '1');
  });

  it('is finished when Redis is killed and comes back empty on the same port (R2)', async () => {
    const some = await fleet(site(), 60);
    await disturbed(some, () => site().restartRedis());
    await allHave(some, '1');
    const [name = ''] = some.names;
    const commit = await some.push([name], '2');
    await eventually(async () => expect((await some.values())[name]).toBe('2'), { timeoutMs: 60_000 });
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });
});

it('heals drift that happened while the controller was down', async () => {
  const some = await fleet(site(), 2);
  const [name = ''] = some.names;
  await some.create();
  await some.areSynced();
  const controller = site().installation.service('application-controller');
  await controller.stop();
  const path = `/api/v1/namespaces/${some.namespace}/configmaps/${name}`;
  await site().client.patch(path, { data: { value: 'changed by hand' } }, { fieldManager: 'kubectl-edit' });
  await controller.start();
  await eventually(async () => allHave(some, '1'), { description: 'the drift is healed' });
});
