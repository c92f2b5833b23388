/** The main job, one step of the story per test: each goes on where the one before it stopped. */
import { ANNOTATIONS, type Application } from '@tiphys/model';
import { eventually } from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { writesOf } from './support/audit.js';
import { configMap, deployment, service, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('story');
let app: App;
let badCommit: string;

const version = (image: string, replicas: number) => ({
  'deployment.yaml': yaml(deployment('web', { image: `guestbook:${image}`, replicas })),
});

beforeAll(async () => {
  app = await deploy(site(), {
    files: {
      ...version('v1', 2),
      'service.yaml': yaml(service('web')),
      'settings.yaml': yaml(configMap('settings', { color: 'blue' })),
      'extra.yaml': yaml(configMap('extra', { temporary: 'yes' })),
    },
  });
});

interface DeploymentView {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

async function running(): Promise<{ image: string | undefined; replicas: number }> {
  const { spec } = (await app.object('Deployment', 'web')) as unknown as DeploymentView;
  return { image: spec.template.spec.containers[0]?.image, replicas: spec.replicas };
}

function runs(image: string, replicas: number): Promise<void> {
  const attempt = async () => expect(await running()).toEqual({ image: `guestbook:${image}`, replicas });
  return eventually(attempt, { description: `web runs ${replicas} × ${image}` });
}

async function resourceVersions(): Promise<Record<string, string | undefined>> {
  const names = [
    ['Service', 'web'],
    ['ConfigMap', 'settings'],
    ['ConfigMap', 'extra'],
  ] as const;
  const objects = await Promise.all(names.map(([kind, name]) => app.object(kind, name)));
  return Object.fromEntries(
    objects.map((object, index) => [names[index]?.join('/'), object?.metadata.resourceVersion]),
  );
}

const deploymentPath = () => `/apis/apps/v1/namespaces/${app.namespace}/deployments/web`;

async function scale(replicas: number): Promise<void> {
  await site().client.patch(`${deploymentPath()}/scale`, { spec: { replicas } }, { fieldManager: 'kubectl' });
}

function holdOf({ metadata }: Application): string | undefined {
  return metadata.annotations?.[ANNOTATIONS.rollbackHold];
}

/** One refresh of each kind: a sync that was due would be requested by the same write that ends the refresh. */
async function staysAsItIs(): Promise<Application> {
  await app.refresh('normal');
  const after = await app.refresh('hard');
  expect(after.operation).toBeUndefined();
  return after;
}

describe('the story (issue 3)', () => {
  it('creates namespace and objects, each by one server-side apply of argocd-controller, until Synced and Healthy', async () => {
    await app.is('Synced', 'Healthy');
    await runs('v1', 2);
    const writes = await app.writes(0);
    expect([...writes.list].sort()).toEqual([
      'patch configmaps/extra',
      'patch configmaps/settings',
      'patch deployments/web',
      `patch namespaces/${app.namespace}`,
      'patch services/web',
    ]);
    expect(new Set(writes.entries.map((write) => write.fieldManager))).toEqual(new Set(['argocd-controller']));
  });

  it('applies a pushed commit and writes only the object that changed', async () => {
    const before = await resourceVersions();
    const since = await site().now();
    const commit = await app.push(version('v2', 3));
    await runs('v2', 3);
    await app.shows('is Synced to the commit', ({ status }) => expect(status?.sync?.revision).toBe(commit));
    await app.is('Synced', 'Healthy');
    expect((await app.writes(since)).list).toEqual(['patch deployments/web']);
    expect(await resourceVersions()).toEqual(before);
  });

  it('reverts drift made through the scale subresource and names the field manager in an Event', async () => {
    await app.operationEnded('Succeeded');
    const since = await site().now();
    await scale(7);
    const reverted = async () => expect((await app.writes(since)).list).toEqual(['patch deployments/web']);
    await eventually(reverted, { description: 'the drift is reverted' });
    await runs('v2', 3);
    const message = await eventually(driftMessage, { description: 'an Event names the field manager' });
    expect(message).toMatch(/Deployment .*\/web: spec\.replicas changed by kubectl/);
    await app.is('Synced', 'Healthy');
  });

  it('prunes the object of a file that is removed in Git, and nothing else', async () => {
    await app.operationEnded('Succeeded');
    const since = await site().now();
    await app.push({ 'extra.yaml': null });
    await eventually(async () => expect(await app.object('ConfigMap', 'extra')).toBeUndefined());
    await app.is('Synced', 'Healthy');
    expect((await app.writes(since)).list).toEqual(['delete configmaps/extra']);
  });

  it('writes nothing at rest: a refresh only takes its own annotation away', async () => {
    await app.operationEnded('Succeeded');
    await app.refresh('normal');
    const since = await site().now();
    for (const type of ['normal', 'normal', 'hard', 'normal'] as const) await app.refresh(type);
    const writes = await writesOf(site(), { since });
    expect(writes.list).toEqual(new Array(4).fill(`patch applications/${app.name}`));
    expect(writes.entries.every((write) => write.namespace === site().namespace)).toBe(true);
  });

  it('sends a bad commit out, for nobody can know that it is bad', async () => {
    badCommit = await app.push(version('broken', 3));
    await runs('broken', 3);
    await app.is('Synced', 'Progressing');
  });

  it('rolls back over REST while auto-sync stays on', async () => {
    const { status } = await app.operationEnded('Succeeded').then(() => app.get());
    const good = status?.history?.findLast((entry) => entry.revision !== badCommit);
    await app.rollback(good?.id ?? -1);
    await runs('v2', 3);
    await app.is('OutOfSync', 'Healthy');
    expect(holdOf(await app.get())).toBe(badCommit);
  });

  it('stays rolled back after a normal and a hard refresh', async () => {
    const after = await staysAsItIs();
    expect(after.status?.sync).toMatchObject({ status: 'OutOfSync', revision: badCommit });
    expect(await running()).toEqual({ image: 'guestbook:v2', replicas: 3 });
  });

  it('does not go back to the bad commit when the rolled back objects drift', async () => {
    await scale(5);
    const after = await staysAsItIs();
    expect(holdOf(after)).toBe(badCommit);
    expect((await running()).image).toBe('guestbook:v2');
  });

  it('stays rolled back after a restart of the controller (R6)', async () => {
    const controller = site().installation.service('application-controller');
    await controller.kill();
    await controller.start();
    const after = await staysAsItIs();
    expect(holdOf(after)).toBe(badCommit);
    expect((await running()).image).toBe('guestbook:v2');
  });

  it('sends the next commit out by itself and ends the hold', async () => {
    await app.push(version('v3', 4));
    await runs('v3', 4);
    await app.is('Synced', 'Healthy');
    expect(holdOf(await app.get())).toBeUndefined();
  });
});

async function driftMessage(): Promise<string> {
  const path = `/api/v1/namespaces/${site().namespace}/events`;
  const query = { fieldSelector: `involvedObject.name=${app.name},reason=DriftDetected` };
  const events = await site().client.list(path, query);
  const message = events.map((event) => String(event['message'])).find((text) => text.includes('kubectl'));
  if (message === undefined) throw new Error(`no such Event among ${events.length} of ${app.name}`);
  return message;
}
