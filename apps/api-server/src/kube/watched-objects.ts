/** Applications, those of further namespaces too (A31), and projects, watched and kept in memory. */
import { createInformer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { applicationNamespaceTest } from '@tiphys/gitops-engine';
import type { AppProject, KubernetesObject } from '@tiphys/model';
import type { ApplicationDeps } from '../applications/deps.js';
import { type ApplicationEntry, applicationEntry, createApplicationStore } from '../applications/store.js';
import { createApplicationWriter } from '../applications/writer.js';
import type { BuildContext } from '../build-deps.js';

export interface WatchedObjects {
  readonly applications: Pick<ApplicationDeps, 'store' | 'writer' | 'isApplicationNamespace'>;
  readonly projects: ApplicationDeps['projects'];
  readonly observeProject: (object: KubernetesObject) => void;
}

/** Resolves after both first lists. */
export async function watchObjects(
  context: BuildContext,
  client: KubeClient,
  /** Globs and expressions of namespaces beside the control plane's; read once, as in Argo CD. */
  furtherNamespaces: readonly string[],
): Promise<WatchedObjects> {
  const { config, lifecycle, log } = context;
  const { namespace } = config;
  const isApplicationNamespace = applicationNamespaceTest(namespace, furtherNamespaces);
  const store = createApplicationStore();
  const applications = createInformer<ApplicationEntry>({
    ...{ client, resource: RESOURCES.applications, log, transform: applicationEntry },
    namespace: furtherNamespaces.length === 0 ? namespace : undefined,
    accepts: ({ metadata }) => isApplicationNamespace(metadata.namespace ?? ''),
    onChange: (_, current, previous) => {
      if (current !== undefined) store.put(current);
      else if (previous !== undefined) store.remove(previous.key);
    },
  });
  let projectsVersion = 0;
  const projects = createInformer<AppProject>({
    ...{ client, resource: RESOURCES.appProjects, namespace, log },
    onChange: () => void (projectsVersion += 1),
  });
  await Promise.all([applications.start(lifecycle.signal), projects.start(lifecycle.signal)]);
  lifecycle.onStop('watches', async () => {
    await Promise.all([applications.stop(), projects.stop()]);
  });
  return {
    applications: { store, writer: createApplicationWriter(client, applications.observe), isApplicationNamespace },
    projects: {
      get: (name) => projects.get(namespace, name),
      list: () => sorted(projects.list()),
      get version() {
        return projectsVersion;
      },
    },
    observeProject: projects.observe,
  };
}

function sorted(projects: readonly AppProject[]): readonly AppProject[] {
  return [...projects].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}
