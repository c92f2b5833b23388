/** The kinds that Tiphys itself reads and writes, known without discovery. */
import { GROUP, VERSION } from '@tiphys/model';
import type { ApiResource } from './ports.js';

const VERBS: readonly string[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** URL facts of Tiphys's own kinds and of the built-in kinds it uses. */
export const RESOURCES = {
  applications: {
    group: GROUP,
    version: VERSION,
    kind: 'Application',
    resource: 'applications',
    namespaced: true,
    verbs: VERBS,
  },
  appProjects: {
    group: GROUP,
    version: VERSION,
    kind: 'AppProject',
    resource: 'appprojects',
    namespaced: true,
    verbs: VERBS,
  },
  applicationSets: {
    group: GROUP,
    version: VERSION,
    kind: 'ApplicationSet',
    resource: 'applicationsets',
    namespaced: true,
    verbs: VERBS,
  },
  secrets: { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true, verbs: VERBS },
  configMaps: { group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true, verbs: VERBS },
  namespaces: { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false, verbs: VERBS },
  pods: { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true, verbs: VERBS },
  events: { group: '', version: 'v1', kind: 'Event', resource: 'events', namespaced: true, verbs: VERBS },
  leases: {
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    resource: 'leases',
    namespaced: true,
    verbs: VERBS,
  },
} as const satisfies Readonly<Record<string, ApiResource>>;
