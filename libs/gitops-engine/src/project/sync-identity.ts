/** As whom an application's resources are written (D46): the service account that its project names for the destination. */
import { type AppProject, matchesGlob } from '@tiphys/model';

export interface SyncIdentityQuestion {
  readonly project: AppProject;
  readonly destination: { readonly server: string; readonly namespace: string };
  /** Namespace of the Application, for destinations without one. */
  readonly applicationNamespace: string;
  /** `application.sync.impersonation.enabled` and `.enforced`. */
  readonly settings: { readonly enabled: boolean; readonly enforced: boolean };
}

export type SyncIdentity =
  /** The controller's own. */
  | { readonly kind: 'controller' }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Never part of a name: an entry with one was meant as something else. */
const FORBIDDEN = /[!*[\]{}\\/]/;

/** The first entry of `destinationServiceAccounts` whose server and namespace match; a service account may name its namespace as `<namespace>:<name>`. */
export function syncIdentity(question: SyncIdentityQuestion): SyncIdentity {
  const { project, destination, applicationNamespace, settings } = question;
  if (!settings.enabled) return { kind: 'controller' };
  const found = (project.spec.destinationServiceAccounts ?? []).find(
    ({ server, namespace = '' }) =>
      matchesGlob(server, destination.server) && matchesGlob(namespace, destination.namespace),
  );
  if (found === undefined) return settings.enforced ? noMatch(question) : { kind: 'controller' };
  const account = found.defaultServiceAccount.trim();
  if (account === '' || FORBIDDEN.test(account)) {
    return refused(`default service account contains invalid chars '${found.defaultServiceAccount}'`);
  }
  const namespace = destination.namespace === '' ? applicationNamespace : destination.namespace;
  const qualified = account.includes(':') ? account : `${namespace}:${account}`;
  return { kind: 'user', user: `system:serviceaccount:${qualified}` };
}

function noMatch({ project, destination }: SyncIdentityQuestion): SyncIdentity {
  return refused(
    `no matching service account found for destination server ${destination.server} and namespace ${destination.namespace}; ` +
      `add one to destinationServiceAccounts of project ${project.metadata.name ?? ''}`,
  );
}

/** Argo CD's text, up to the reason. */
function refused(reason: string): SyncIdentity {
  return { kind: 'refused', message: `failed to find a matching service account to impersonate: ${reason}` };
}
