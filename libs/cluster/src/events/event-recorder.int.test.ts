import type { Logger } from '@tiphys/runtime';
import { type SharedControlPlane, sharedControlPlane } from '@tiphys/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import { loadClusterConnection } from '../connection/load-connection.js';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { createEventRecorder, type EventEntry } from './event-recorder.js';

const signal = AbortSignal.timeout(300_000);
let warnings: string[] = [];
const silent = (): void => undefined;
const log: Logger = {
  ...{ debug: silent, info: silent, error: silent },
  warn: (message) => warnings.push(message),
  child: () => log,
};

let plane: SharedControlPlane;
let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  plane = await sharedControlPlane();
  client = createKubeClient(await loadClusterConnection({ kubeconfig: plane.kubeconfigPath }));
});
afterAll(() => client.close());
beforeEach(async () => {
  namespace = await plane.createNamespace('events');
  warnings = [];
});

function entry(message: string, inNamespace = namespace): EventEntry {
  const metadata = { namespace: inNamespace, name: 'guestbook', uid: `uid-${inNamespace}` };
  const involvedObject = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata };
  return { involvedObject, type: 'Normal', reason: 'OperationStarted', message };
}

async function events() {
  return (await client.list(RESOURCES.events, { namespace, signal })).items;
}

describe('the event recorder', () => {
  it('writes core events of the shape that Argo CD writes', async () => {
    const recorder = createEventRecorder({ client, component: 'application-controller', log });
    recorder.record(entry('Initiated automated sync, https://user:secret@git/repo'));
    await recorder.flush();
    const [event] = await events();
    expect(event).toMatchObject({
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^guestbook\.[0-9a-f]{16}$/) as string },
      involvedObject: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', name: 'guestbook', namespace },
      type: 'Normal',
      reason: 'OperationStarted',
      message: 'Initiated automated sync, https://***@git/repo',
      source: { component: 'application-controller' },
      count: 1,
    });
  });

  it('counts a repeated event up instead of writing another', async () => {
    const recorder = createEventRecorder({ client, component: 'test', log });
    for (let i = 0; i < 3; i++) recorder.record(entry('the same'));
    await recorder.flush();
    expect(await events()).toMatchObject([{ message: 'the same', count: 3 }]);
  });

  it('drops what one object sends beyond its burst', async () => {
    const recorder = createEventRecorder({ client, component: 'test', log, burst: 5 });
    for (let i = 0; i < 50; i++) recorder.record(entry(`message ${i}`));
    await recorder.flush();
    expect(await events()).toHaveLength(5);
  });

  it('cuts long messages and never fails its caller', async () => {
    const recorder = createEventRecorder({ client, component: 'test', log });
    recorder.record(entry('ä'.repeat(2_000)));
    recorder.record(entry('lost', 'no-such-namespace'));
    await recorder.flush();
    const [event] = await events();
    expect(Buffer.byteLength(String(event?.['message']))).toBeLessThanOrEqual(1_024);
    expect(warnings).toEqual(['event could not be written']);
  });
});
