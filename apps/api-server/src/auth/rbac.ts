/** The authorizer of an installation: the policy of `argocd-rbac-cm` with the built-in roles and the projects' own (F10-F18). */
import { type AppProject, CONFIG_OBJECTS } from '@tiphys/model';
import {
  createEnforcer,
  type Enforcer,
  type Grants,
  type PolicyProblem,
  parseRbacSettings,
  projectOfSubject,
  requestProject,
} from '@tiphys/rbac';
import type { Logger } from '@tiphys/runtime';
import type { Subject } from '../http/context.js';
import type { LiveSettings } from '../kube/config-objects.js';
import type { Authorizer } from './authorize.js';
import { DERIVED_ISSUER } from './federation/derived-tokens.js';
import { ISSUER } from './session-tokens.js';

export interface RbacDeps {
  readonly settings: Pick<LiveSettings, 'configMap'>;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly log: Logger;
}

/** The policy is compiled once per change of the ConfigMap, and once for each subject that asks; projects once per change. */
export function createRbacAuthorizer({ settings, projects, log }: RbacDeps): Authorizer {
  const policyNow = createPolicyReader(log);
  return (subject, request) => {
    const grants = policyNow(settings.configMap(CONFIG_OBJECTS.rbac))(subject);
    const name = requestProject(request);
    return grants.allows(request, name === undefined ? undefined : projects.get(name));
  };
}

type GrantsOf = (subject: Subject) => Grants;
type RbacConfig = ReturnType<LiveSettings['configMap']>;

/** A policy that cannot be read changes nothing: the last good one stays in force, at the start the built-in roles alone. */
function createPolicyReader(log: Logger): (data: RbacConfig) => GrantsOf {
  let seen: RbacConfig | undefined;
  let inForce: GrantsOf | undefined;
  return (data) => {
    if (seen === data && inForce !== undefined) return inForce;
    const enforcer = compile(data, log);
    const isReadable = report(enforcer.problems, log);
    if (isReadable) inForce = grantsReader(enforcer);
    inForce ??= grantsReader(createEnforcer({ ...parseRbacSettings(data), policyTexts: [] }));
    seen = data;
    return inForce;
  };
}

function compile(data: RbacConfig, log: Logger): Enforcer {
  return createEnforcer(parseRbacSettings(data), {
    onProjectProblems: (project, problems) => {
      for (const problem of problems) {
        log.warn('a policy of a project has no effect', { project: project.metadata.name, ...problem });
      }
    },
  });
}

/** False when the policy must not be used. */
function report(problems: readonly PolicyProblem[], log: Logger): boolean {
  for (const { severity, ...problem } of problems) {
    if (severity === 'warning') log.warn('a line of the access policy has no effect', problem);
    else log.error('the access policy cannot be read: the last good one stays in force until it is corrected', problem);
  }
  return problems.every(({ severity }) => severity === 'warning');
}

/** One request asks for many objects with the same subject. */
function grantsReader(enforcer: Enforcer): GrantsOf {
  const known = new WeakMap<Subject, Grants>();
  return (subject) => {
    const grants = known.get(subject) ?? enforcer.grantsOf({ name: nameOf(subject), groups: subject.groups });
    known.set(subject, grants);
    return grants;
  };
}

/** Only tokens of this installation speak for the role of a project; a login provider may not make up such a name. */
function nameOf({ username, issuer }: Subject): string {
  const isOurs = issuer === ISSUER || issuer === DERIVED_ISSUER;
  return !isOurs && projectOfSubject(username) !== undefined ? '' : username;
}
