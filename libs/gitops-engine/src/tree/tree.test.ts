import type { KubernetesObject } from '@tiphys/model';
import { resourceKeyOf } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { buildTree, summarizeTree, type TreeObject } from './build-tree.js';
import { summarizeNode } from './summarize-node.js';

const pod = (spec: object, status: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'ns', labels: { app: 'web' }, ...metadata },
  spec: { nodeName: 'node-1', containers: [{ name: 'app', image: 'web:1' }], ...spec },
  status,
});

/** `Name=value` in order. */
const infoOf = (object: KubernetesObject) => summarizeNode(object).info.map(({ name, value }) => `${name}=${value}`);

describe('what the tree shows of a pod', () => {
  const running = { name: 'app', ready: true, restartCount: 2, state: { running: {} } };
  it.each([
    {
      name: 'a running pod',
      object: pod({}, { phase: 'Running', containerStatuses: [running] }),
      info: ['Status Reason=Running', 'Node=node-1', 'Containers=1/1', 'Restart Count=2'],
    },
    {
      name: 'a crash loop',
      object: pod(
        {},
        { phase: 'Running', containerStatuses: [{ name: 'app', state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
      ),
      info: ['Status Reason=CrashLoopBackOff', 'Node=node-1', 'Containers=0/1'],
    },
    {
      name: 'an init container that waits',
      object: pod(
        { initContainers: [{ name: 'init' }] },
        {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'init', state: { waiting: { reason: 'PodInitializing' } } }],
        },
      ),
      info: ['Status Reason=Init:0/1', 'Node=node-1', 'Containers=0/1'],
    },
    {
      name: 'an init container that failed',
      object: pod(
        { initContainers: [{ name: 'init' }] },
        { phase: 'Pending', initContainerStatuses: [{ name: 'init', state: { terminated: { exitCode: 2 } } }] },
      ),
      info: ['Status Reason=Init:ExitCode:2', 'Node=node-1', 'Containers=0/1'],
    },
    {
      name: 'a sidecar counts as a container',
      object: pod(
        { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] },
        {
          phase: 'Running',
          initContainerStatuses: [{ name: 'proxy', started: true, ready: true, state: { running: {} } }],
          containerStatuses: [{ ...running, restartCount: 0 }],
        },
      ),
      info: ['Status Reason=Running', 'Node=node-1', 'Containers=2/2'],
    },
    {
      name: 'a completed container beside a running one',
      object: pod(
        { containers: [{ name: 'a' }, { name: 'b' }] },
        {
          phase: 'Running',
          containerStatuses: [
            { name: 'a', state: { terminated: { reason: 'Completed', exitCode: 0 } } },
            { ...running, restartCount: 0 },
          ],
        },
      ),
      info: ['Status Reason=Running', 'Node=node-1', 'Containers=1/2'],
    },
    {
      name: 'a pod that is being deleted',
      object: pod(
        {},
        { phase: 'Running', containerStatuses: [{ ...running, restartCount: 0 }] },
        { deletionTimestamp: '2026-01-01T00:00:00Z' },
      ),
      info: ['Status Reason=Terminating', 'Node=node-1', 'Containers=1/1'],
    },
    {
      name: 'a pod held back by a scheduling gate',
      object: pod(
        { nodeName: undefined },
        { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      ),
      info: ['Status Reason=SchedulingGated', 'Node=', 'Containers=0/1'],
    },
  ])('$name', ({ object, info }) => {
    expect(infoOf(object)).toEqual(info);
  });
});

describe('what a node contributes', () => {
  it('has the images of a pod template, each once', () => {
    const containers = [{ image: 'b:1' }, { image: 'a:1' }, { image: 'b:1' }];
    const template = { spec: { initContainers: [{ image: 'init:1' }], containers } };
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template } };
    expect(summarizeNode(object).images).toEqual(['a:1', 'b:1', 'init:1']);
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c' },
      spec: { jobTemplate: { spec: { template } } },
    };
    expect(summarizeNode(cron).images).toEqual(['a:1', 'b:1', 'init:1']);
  });

  it('has the revision of a replica set', () => {
    const annotations = { 'deployment.kubernetes.io/revision': '7' };
    const object = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web', annotations } };
    expect(infoOf(object)).toEqual(['Revision=Rev:7']);
  });

  it('has the selector and addresses of a service', () => {
    const object: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'ns' },
      spec: { type: 'LoadBalancer', selector: { app: 'web' } },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
    };
    expect(summarizeNode(object).networkingInfo).toEqual({
      targetLabels: { app: 'web' },
      ingress: [{ ip: '192.0.2.1' }],
    });
  });

  it('has the services and URLs of an ingress, and only links that are safe to click', () => {
    const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
    const object: KubernetesObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: 'web',
        namespace: 'ns',
        annotations: {
          'link.argocd.argoproj.io/docs': 'Docs|https://docs.example.com',
          'link.argocd.argoproj.io/bad': 'javascript:alert(1)',
        },
      },
      spec: {
        tls: [{ hosts: ['shop.example.com'], secretName: 'tls' }],
        rules: [
          {
            host: 'shop.example.com',
            http: {
              paths: [
                { path: '/*', backend: backend('web') },
                { path: '/api', backend: backend('api') },
              ],
            },
          },
        ],
      },
    };
    expect(summarizeNode(object).networkingInfo).toEqual({
      targetRefs: [
        { kind: 'Service', namespace: 'ns', name: 'api' },
        { kind: 'Service', namespace: 'ns', name: 'web' },
      ],
      externalURLs: ['Docs|https://docs.example.com', 'https://shop.example.com/', 'https://shop.example.com/api'],
    });
  });
});

describe('the tree of an application', () => {
  const node = (object: KubernetesObject, uid: string, owner?: TreeObject): TreeObject => ({
    key: resourceKeyOf(object),
    version: 'v1',
    uid,
    resourceVersion: '1',
    createdAt: '2026-01-01T00:00:00Z',
    ownerReferences:
      owner === undefined
        ? []
        : [{ apiVersion: 'apps/v1', kind: owner.key.kind, name: owner.key.name, uid: owner.uid }],
    summary: summarizeNode(object),
  });
  const named = (kind: string, name: string): KubernetesObject => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'ns' },
  });
  const deployment = node(named('Deployment', 'web'), 'u1');
  const replicaSet = node(named('ReplicaSet', 'web-1'), 'u2', deployment);
  const podNode = node(pod({}, { phase: 'Running' }), 'u3', replicaSet);
  const missing = { group: '', kind: 'Service', namespace: 'ns', name: 'web' };
  const managedResources = [
    {
      key: deployment.key,
      version: 'v1',
      live: named('Deployment', 'web'),
      health: { status: 'Degraded' as const },
      hooks: [],
    },
    { key: missing, version: 'v1', live: undefined, health: { status: 'Missing' as const }, hooks: [] },
    {
      key: { ...missing, kind: 'Job', name: 'hook' },
      version: 'v1',
      live: undefined,
      health: undefined,
      hooks: ['PreSync' as const],
    },
  ];
  const tree = buildTree({ managed: managedResources, objects: [podNode, deployment, replicaSet] });

  it('has managed roots, missing ones and everything they own', () => {
    const lines = tree.nodes.map(({ kind, name, parentRefs, health }) => {
      return `${kind}/${name} < ${parentRefs?.map((parent) => `${parent.kind}/${parent.name}`).join() ?? ''} ${health?.status ?? ''}`;
    });
    expect(lines).toEqual([
      'Pod/web-1 < ReplicaSet/web-1 Progressing',
      'Service/web <  Missing',
      'Deployment/web <  Degraded',
      'ReplicaSet/web-1 < Deployment/web Healthy',
    ]);
  });

  it('is equal for the same objects in another order', () => {
    expect(buildTree({ managed: managedResources, objects: [replicaSet, podNode, deployment] })).toEqual(tree);
  });

  it('is summarized by the images of its Pods and by its URLs; an old ReplicaSet runs nothing', () => {
    const old = { ...replicaSet, key: { ...replicaSet.key, name: 'web-0' }, uid: 'old' };
    const summary = { ...old.summary, images: ['web:0'] };
    const withOld = buildTree({ managed: [], objects: [podNode, deployment, replicaSet, { ...old, summary }] });
    expect(summarizeTree(withOld)).toEqual({ images: ['web:1'], externalURLs: [] });
  });

  it('lists orphans apart', () => {
    const result = buildTree({ managed: [], objects: [], orphaned: [podNode] });
    expect(result.nodes).toEqual([]);
    expect(result.orphanedNodes?.map(({ name }) => name)).toEqual(['web-1']);
  });
});
