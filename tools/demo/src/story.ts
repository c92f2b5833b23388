/** The story: each step is done by Git, the cluster or a REST call, and its end is read from the cluster. */
import { auditPosition, auditWrites, type ControlPlaneInfo, eventually, type KubeClient } from '@tiphys/testing';
import type { Api } from './api.js';
import {
  deployment,
  expectEqual,
  gone,
  imageOf,
  imageReached,
  NAMESPACE,
  replicasReached,
  rolledOut,
  scale,
} from './cluster-view.js';
import type { Narrator } from './narrator.js';
import { type Commit, type DemoRepository, FOLDER } from './repository.js';

export interface Stage {
  readonly controlPlane: ControlPlaneInfo;
  readonly client: KubeClient;
  readonly api: Api;
  readonly repository: DemoRepository;
  readonly narrator: Narrator;
  /** Name that our writes carry in the audit log; undefined on a cluster whose audit log we cannot read. */
  readonly audited: boolean;
}

interface AppView {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
    readonly history?: readonly { readonly id: number; readonly revision?: string }[];
  };
}

const APP = '/api/v1/applications/guestbook';

export async function tellStory(stage: Stage): Promise<void> {
  const { initial } = stage.repository;
  const [name = ''] = initial.image.split(':');
  const second = { image: `${name}:v2`, replicas: initial.replicas + 1 };
  await firstSync(stage);
  await goodCommit(stage, second);
  await drift(stage, second.replicas);
  await prune(stage);
  const bad = await badCommit(stage, { image: `${name}:broken`, replicas: second.replicas });
  await rollback(stage, { good: second.image, bad });
  await nextCommit(stage, { image: `${name}:v3`, replicas: second.replicas });
}

async function firstSync(stage: Stage): Promise<void> {
  const { api, client, repository, narrator } = stage;
  await narrator.step('Application created over REST: Synced and Healthy', async () => {
    await api.post('/api/v1/applications', application(repository.repository.url));
    await rolledOut(client, repository.initial);
    await statusReached(stage, 'Synced', 'Healthy');
    const live = await deployment(client);
    return { note: `Deployment guestbook-ui: ${live.spec.replicas} × ${imageOf(live)}` };
  });
}

function application(repoURL: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'guestbook', finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    spec: {
      project: 'default',
      source: { repoURL, path: FOLDER, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
  };
}

async function goodCommit(stage: Stage, release: { image: string; replicas: number }): Promise<void> {
  const { client, narrator, repository, controlPlane } = stage;
  const position = stage.audited ? await auditPosition(controlPlane) : 0;
  await narrator.step('commit pushed (image tag, replicas): applied', async () => {
    await push(stage, await repository.release(release, 'guestbook v2'));
    await imageReached(client, release.image);
  });
  await narrator.step('... and rolled out; only the changed object was written', async () => {
    await rolledOut(client, release);
    await statusReached(stage, 'Synced', 'Healthy');
    return stage.audited ? { note: await onlyDeploymentWritten(stage, position) } : {};
  });
}

async function onlyDeploymentWritten({ controlPlane }: Stage, since: number): Promise<string> {
  const writes = await auditWrites(controlPlane, {
    since,
    namespace: NAMESPACE,
    where: (write) => write.fieldManager === 'argocd-controller',
  });
  const written = writes.map((write) => `${write.verb} ${write.resource}/${write.name}`);
  expectEqual('writes in the audit log', written.join(', '), 'patch deployments/guestbook-ui');
  return `audit log: ${written.join(', ')}`;
}

async function drift(stage: Stage, replicas: number): Promise<void> {
  const { client, narrator } = stage;
  const before = (await deployment(client)).metadata.generation ?? 0;
  await narrator.step(`drift: \`kubectl scale --replicas=${replicas + 3}\` is reverted`, async () => {
    await scale(client, replicas + 3);
    await eventually(
      async () => {
        const live = await deployment(client);
        if ((live.metadata.generation ?? 0) < before + 2) throw new Error('not reverted yet');
      },
      { timeoutMs: 58_000, description: 'the drift is reverted' },
    );
    await replicasReached(client, replicas);
    const message = await eventually(() => driftMessage(stage), {
      timeoutMs: 10_000,
      description: 'an Event names the field manager',
    });
    return { note: message };
  });
  await statusReached(stage, 'Synced', 'Healthy');
}

/** The Event that says who changed what. */
async function driftMessage({ api }: Stage): Promise<string> {
  const events = await api.get<{ items?: readonly { reason?: string; message?: string }[] }>(`${APP}/events`);
  const found = events.items?.find((event) => event.reason === 'DriftDetected' && event.message?.includes('kubectl'));
  if (found?.message === undefined) throw new Error('no DriftDetected event yet');
  return found.message;
}

async function prune(stage: Stage): Promise<void> {
  const { client, narrator, repository } = stage;
  await narrator.step('a file removed in Git: its object is pruned', async () => {
    const removed = await repository.remove('ConfigMap', 'drop the ConfigMap');
    await push(stage, removed);
    await gone(client, `/api/v1/namespaces/${NAMESPACE}/configmaps/${removed.name}`);
    return { note: `ConfigMap ${removed.name} is gone` };
  });
  await statusReached(stage, 'Synced', 'Healthy');
}

async function badCommit(stage: Stage, release: { image: string; replicas: number }): Promise<string> {
  const { client, narrator, repository } = stage;
  let sha = '';
  await narrator.step('a bad commit goes out: the new image cannot be pulled', async () => {
    const commit = await repository.release(release, 'guestbook, broken');
    sha = commit.sha;
    await push(stage, commit);
    await imageReached(client, release.image);
    await statusReached(stage, 'Synced', 'Progressing');
  });
  return sha;
}

async function rollback(stage: Stage, { good, bad }: { good: string; bad: string }): Promise<void> {
  const { api, client, narrator } = stage;
  await narrator.step('rolled back over REST, auto-sync still on', async () => {
    const app = await api.get<AppView>(APP);
    const entry = [...(app.status?.history ?? [])].reverse().find((candidate) => candidate.revision !== bad);
    if (entry === undefined) throw new Error('the history has no earlier deployment');
    await api.post(`${APP}/rollback`, { id: entry.id });
    await imageReached(client, good);
    return { note: `to history entry ${entry.id}, commit ${entry.revision?.slice(0, 7)}` };
  });
  await narrator.step('... and it stays rolled back after a hard and a normal refresh', async () => {
    await api.get(`${APP}?refresh=hard`);
    await api.get(`${APP}?refresh=normal`);
    const live = await deployment(client);
    expectEqual('image', imageOf(live), good);
    const app = await api.get<AppView>(APP);
    expectEqual('sync status', app.status?.sync?.status, 'OutOfSync');
    return { note: `held: Git is at ${app.status?.sync?.revision?.slice(0, 7)}, the cluster runs ${imageOf(live)}` };
  });
}

async function nextCommit(stage: Stage, release: { image: string; replicas: number }): Promise<void> {
  const { client, narrator, repository, api } = stage;
  await narrator.step('the next good commit goes out by itself', async () => {
    await push(stage, await repository.release(release, 'guestbook v3'));
    await rolledOut(client, release);
    await statusReached(stage, 'Synced', 'Healthy');
    const app = await api.get<AppView>(APP);
    expectEqual('rollback hold', app.metadata.annotations?.['tiphys.dev/rollback-hold'], undefined);
  });
}

function push({ api, repository }: Stage, commit: Commit): Promise<void> {
  return api.pushed({ repositoryUrl: repository.repository.url, commit: commit.sha, modified: commit.files });
}

async function statusReached({ api }: Stage, sync: string, health: string): Promise<void> {
  await eventually(
    async () => {
      const app = await api.get<AppView>(APP);
      expectEqual('sync status', app.status?.sync?.status, sync);
      expectEqual('health', app.status?.health?.status, health);
    },
    { timeoutMs: 58_000, description: `the Application is ${sync} and ${health}` },
  );
}
