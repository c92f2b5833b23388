import type { AppKey, Application } from '@tiphys/model';
import { currentScope, noTracer, outOfScope, type SpanFields, type Tracer } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { traced } from './application-scope.js';
import { countedWriter } from './counted-writer.js';
import { countOrphans } from './orphan-counts.js';
import type { ApplyRequest, DestinationCluster, ResourceWriter } from './ports.js';
import { application, configMap } from './testing/builders.js';
import { recordingViews } from './testing/recording-ports.js';

const { signal } = new AbortController();

function recordingTracer() {
  const spans: { readonly name: string; readonly fields: SpanFields }[] = [];
  const tracer: Tracer = {
    ...noTracer,
    span: (name, { fields = {} }, work) => {
      const own: Record<string, string | number | boolean | undefined> = { ...fields };
      spans.push({ name, fields: own });
      return work({ set: (more) => void Object.assign(own, more), fail: () => undefined });
    },
  };
  return { spans, tracer };
}

describe('a reconcile', () => {
  const applications = (app?: Application) => ({ get: (_key: AppKey) => app });

  it('runs in the scope of its application and in a span with its outcome (M01, M07)', async () => {
    const { spans, tracer } = recordingTracer();
    const app = application({ operation: { sync: { dryRun: true } } });
    const reconcile = traced({ applications: applications(app), tracer }, 'operation', async () => {
      await Promise.resolve();
      expect(currentScope().application).toEqual({
        ...{ namespace: 'argocd', name: 'guestbook', project: 'default', dryRun: true },
      });
      expect(outOfScope(currentScope)).toEqual({});
      return { kind: 'requeueAfter', ms: 5, reason: 'waiting for hooks' };
    });
    expect(await reconcile('argocd/guestbook', signal)).toMatchObject({ ms: 5 });
    const fields = { 'argocd.project': 'default', outcome: 'requeueAfter', reason: 'waiting for hooks' };
    expect(spans).toEqual([{ name: 'reconcile operation', fields }]);
  });

  it('of an application that is gone has no scope', async () => {
    const reconcile = traced({ applications: applications(), tracer: noTracer }, 'refresh', async () => {
      expect(currentScope()).toEqual({});
      return { kind: 'done' };
    });
    expect(await reconcile('argocd/gone', signal)).toEqual({ kind: 'done' });
  });
});

describe('writes of a sync', () => {
  it.each([
    ['apply', { replace: false, live: undefined }],
    ['create', { replace: true, live: undefined }],
    ['replace', { replace: true, live: configMap('a') }],
  ] as const)('are counted as kubectl %s, until they have ended or failed (M01)', async (command, request) => {
    const counts: string[] = [];
    const kubectl = (name: string) => {
      counts.push(`begin ${name}`);
      return () => void counts.push(`end ${name}`);
    };
    const { spans, tracer } = recordingTracer();
    const failing = { apply: () => Promise.reject(new Error('conflict')) } as unknown as ResourceWriter;
    const writer = countedWriter(failing, { metrics: { kubectl }, tracer });
    const cluster = { server: 'https://prod' } as DestinationCluster;
    await expect(writer.apply(cluster, configMap('a'), request as ApplyRequest)).rejects.toThrow('conflict');
    expect(counts).toEqual([`begin ${command}`, `end ${command}`]);
    expect(spans).toMatchObject([{ name: 'apply', fields: { 'k8s.server': 'https://prod' } }]);
  });
});

it('orphans are counted off the published tree, and forgotten with the application', async () => {
  const counts = countOrphans({ ...recordingViews(), forgetAll: () => undefined });
  const tree = (orphans?: number) => ({
    nodes: [],
    ...(orphans === undefined ? {} : { orphanedNodes: Array.from({ length: orphans }) as never }),
  });
  const of = () => counts.countOf('argocd/guestbook');
  await counts.views.publish(application(), { tree: tree(3), managed: [] });
  expect(of()).toBe(3);
  await counts.views.publish(application(), { tree: tree(), managed: [] });
  expect(of()).toBeUndefined();
  await counts.views.publish(application(), { tree: tree(0), managed: [] });
  expect(of()).toBe(0);
  await counts.views.forget({ namespace: 'argocd', name: 'guestbook' });
  expect(of()).toBeUndefined();
});
