/** The project `default` exists from the first start on, as in Argo CD: everything is allowed in it until somebody restricts it. */
import { type KubeClient, kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { API_VERSION, DEFAULT_PROJECT } from '@tiphys/model';
import { API_SERVER_MANAGER } from './write-options.js';

const SPEC = {
  sourceRepos: ['*'],
  destinations: [{ server: '*', namespace: '*' }],
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
};

/** Never changes an existing project. */
export async function ensureDefaultProject(kube: KubeClient, namespace: string, signal: AbortSignal): Promise<void> {
  const key = { namespace, name: DEFAULT_PROJECT };
  if ((await kube.get(RESOURCES.appProjects, key, signal)) !== undefined) return;
  const project = { apiVersion: API_VERSION, kind: 'AppProject', metadata: key, spec: SPEC };
  try {
    await kube.create(RESOURCES.appProjects, project, { fieldManager: API_SERVER_MANAGER, signal });
  } catch (error) {
    // Another replica was faster.
    if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
  }
}
