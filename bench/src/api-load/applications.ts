/** Applications as a controller would have left them, without one; and somebody who keeps changing them. */
import type { KubeClient, KubeObject } from '@tiphys/testing';

const PROJECTS = 40;
const CLUSTERS = 20;
const IN_FLIGHT = 24;
const KINDS = ['ConfigMap', 'Service', 'Deployment', 'ServiceAccount', 'Ingress'];

export const applicationName = (index: number): string => `app-${String(index).padStart(5, '0')}`;

export function application(index: number, namespace: string): KubeObject {
  const name = applicationName(index);
  const destination = { server: `https://cluster-${index % CLUSTERS}.example.com`, namespace: `team-${index % 300}` };
  const source = { repoURL: 'https://git.example.com/org/deployments', path: `apps/${name}`, targetRevision: 'main' };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace, labels: { team: `team-${index % 300}`, tier: index % 3 === 0 ? 'web' : 'back' } },
    spec: {
      project: `project-${index % PROJECTS}`,
      ...{ source, destination, syncPolicy: { automated: { prune: true, selfHeal: true } } },
    },
    status: status(index, { source, destination }),
  };
}

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const TIME = '2026-01-01T00:00:00Z';

function status(index: number, comparedTo: { readonly source: object; readonly destination: { namespace: string } }) {
  const health = index % 17 === 0 ? 'Degraded' : index % 11 === 0 ? 'Progressing' : 'Healthy';
  const sync = index % 7 === 0 ? 'OutOfSync' : 'Synced';
  return {
    ...{ health: { status: health, lastTransitionTime: TIME }, reconciledAt: TIME, sourceType: 'Directory' },
    sync: { status: sync, revision: REVISION, comparedTo },
    history: [{ id: 0, revision: REVISION, deployedAt: TIME, deployStartedAt: TIME, source: comparedTo.source }],
    operationState: {
      ...{ phase: 'Succeeded', message: 'successfully synced (all tasks run)', startedAt: TIME, finishedAt: TIME },
      operation: { sync: { revision: REVISION, prune: true }, initiatedBy: { automated: true }, retry: { limit: 5 } },
      syncResult: { revision: REVISION, source: comparedTo.source },
    },
    resources: KINDS.map((kind) => ({
      ...{ kind, version: 'v1', namespace: comparedTo.destination.namespace, name: applicationName(index) },
      ...{ status: sync, health: { status: health } },
    })),
    summary: { images: [`registry.example.com/org/${applicationName(index)}:1.2.3`] },
  };
}

export async function createApplications(client: KubeClient, namespace: string, count: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await client.create(application(index, namespace));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

export interface Changes {
  readonly made: number;
  stop(): Promise<void>;
}

/** Writes the health of one application after the other, so many a second, as a busy controller would. */
export function keepChanging(
  client: KubeClient,
  options: { namespace: string; count: number; perSecond: number },
): Changes {
  const { namespace, count, perSecond } = options;
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications`;
  const inFlight = new Set<Promise<unknown>>();
  let made = 0;
  const timer = setInterval(() => {
    const name = applicationName((made * 37) % count);
    const health = {
      status: made % 2 === 0 ? 'Progressing' : 'Healthy',
      lastTransitionTime: new Date(made).toISOString(),
    };
    made += 1;
    const write = client.patch(`${path}/${name}`, { status: { health } }).finally(() => inFlight.delete(write));
    inFlight.add(write);
  }, 1_000 / perSecond);
  return {
    get made() {
      return made;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(inFlight);
    },
  };
}
