/** The authorizer of an installation: the policy of `argocd-rbac-cm` with the built-in roles and the projects' own (F10-F18). */
import { type AppProject, CONFIG_OBJECTS } from '@tiphys/model';
import { createEnforcer, type Enforcer, parseRbacSettings } from '@tiphys/rbac';
import type { Logger } from '@tiphys/runtime';
import type { LiveSettings } from '../kube/config-objects.js';
import type { AccessRequest, Authorizer } from './authorize.js';

export interface RbacDeps {
  readonly settings: Pick<LiveSettings, 'configMap'>;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly log: Logger;
}

/** The policy is compiled once per change of the ConfigMap. */
export function createRbacAuthorizer({ settings, projects, log }: RbacDeps): Authorizer {
  let known: { readonly data: unknown; readonly enforcer: Enforcer } | undefined;
  const enforcerNow = (): Enforcer => {
    const data = settings.configMap(CONFIG_OBJECTS.rbac);
    if (known?.data === data) return known.enforcer;
    const enforcer = createEnforcer(parseRbacSettings(data));
    for (const problem of enforcer.problems) log.warn('a line of the access policy has no effect', { ...problem });
    known = { data, enforcer };
    return enforcer;
  };
  return (subject, request) => {
    const user = { name: subject.username, groups: subject.groups };
    return enforcerNow().allows(user, request, projects.get(projectNameOf(request)));
  };
}

/** Applications are `project/…`, projects are their own. */
function projectNameOf({ object }: AccessRequest): string {
  return object.split('/', 1)[0] ?? '';
}
