/** What a project must fulfil before it is stored (F01, F02, F05, D47): the first problem, as Argo CD words it. Pure. */
import { syncWindowProblem } from '@tiphys/gitops-engine';
import { type AppProject, type AppProjectSpec, isGlob, type ProjectRole } from '@tiphys/model';
import { projectPolicyProblem } from '@tiphys/rbac';
import { ApiError } from '../../errors.js';

/** Throws `invalidArgument`. */
export function validateProject(project: AppProject): void {
  const problem = firstProblem(project);
  if (problem !== undefined) throw new ApiError('invalidArgument', `error validating project: ${problem}`);
}

function firstProblem(project: AppProject): string | undefined {
  const { spec } = project;
  return (
    destinationProblem(spec) ??
    repeated(spec.sourceNamespaces, (name) => `source namespace '${name}' already added`) ??
    repositoryProblem(spec) ??
    serviceAccountProblem(spec) ??
    windowProblem(spec) ??
    roleProblem(project)
  );
}

function destinationProblem({ destinations = [] }: AppProjectSpec): string | undefined {
  const bad = destinations.find(({ namespace, server, name }) =>
    [namespace, server, name].some((pattern) => pattern === '!*'),
  );
  if (bad !== undefined) {
    return `destination has an invalid format, '!*' denies everything: ${bad.server || (bad.name ?? '')}/${bad.namespace ?? ''}`;
  }
  const patterns = destinations.flatMap(({ server, name, namespace }) => [server, name, namespace]);
  const useless = uselessDenial(patterns);
  if (useless !== undefined) return useless;
  const texts = destinations.map(({ server, name, namespace = '' }) => `${server || (name ?? '')}/${namespace}`);
  return repeated(texts, (text) => `destination ${text} already added`);
}

function repositoryProblem({ sourceRepos = [] }: AppProjectSpec): string | undefined {
  if (sourceRepos.includes('!*')) return "source repository has an invalid format, '!*'";
  return uselessDenial(sourceRepos) ?? repeated(sourceRepos, (url) => `source repository '${url}' already added`);
}

/** A pattern that is none matches nothing: as a denial it would let everything through. */
function uselessDenial(patterns: readonly (string | undefined)[]): string | undefined {
  const found = patterns.find((pattern) => pattern?.startsWith('!') === true && !isGlob(pattern.slice(1)));
  return found === undefined ? undefined : `'${found}' is no valid pattern, so it would deny nothing; write [ as \\[`;
}

/** A glob or a `!` in the account would decide anew with every object who applies it (D46). */
function serviceAccountProblem({ destinationServiceAccounts = [] }: AppProjectSpec): string | undefined {
  for (const { server, namespace = '', defaultServiceAccount: account } of destinationServiceAccounts) {
    if (server.includes('!')) return `server has an invalid format, '${server}'`;
    if (namespace.includes('!')) return `namespace has an invalid format, '${namespace}'`;
    if (account.trim() === '' || /[!*[\]{}\\/]/.test(account)) {
      return `defaultServiceAccount has an invalid format, '${account}'`;
    }
  }
  return undefined;
}

function windowProblem({ syncWindows = [] }: AppProjectSpec): string | undefined {
  for (const window of syncWindows) {
    const { applications = [], namespaces = [], clusters = [], kind, schedule, duration } = window;
    const shown = `window '${kind ?? ''}':'${schedule ?? ''}':'${duration ?? ''}'`;
    const problem = syncWindowProblem(window);
    if (problem !== undefined) return `${shown}: ${problem}`;
    if (applications.length + namespaces.length + clusters.length === 0) {
      return `${shown} requires one of application, cluster or namespace`;
    }
  }
  const keys = syncWindows.map((window) => JSON.stringify(window));
  return repeated(keys, () => 'a sync window is listed twice; they need different kind, schedule or duration');
}

const ROLE_NAME = /^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/;

function roleProblem(project: AppProject): string | undefined {
  const { roles = [] } = project.spec;
  for (const role of roles) {
    if (!ROLE_NAME.test(role.name)) {
      return `invalid role name '${role.name}': it must consist of alphanumeric characters, '-' or '_', and must start and end with an alphanumeric character`;
    }
    const problem = policyProblem(project, role) ?? groupProblem(role);
    if (problem !== undefined) return problem;
  }
  const names = roles.map(({ name }) => name);
  return repeated(names, (name) => `role '${name}' already exists`);
}

function policyProblem(project: AppProject, role: ProjectRole): string | undefined {
  for (const policy of role.policies ?? []) {
    const problem = projectPolicyProblem(project.metadata.name ?? '', role.name, policy);
    if (problem !== undefined) return `invalid policy rule '${policy}': ${problem}`;
  }
  return repeated(role.policies, (policy) => `policy '${policy}' already exists for role '${role.name}'`);
}

function groupProblem({ name, groups }: ProjectRole): string | undefined {
  const bad = groups?.find((group) => group.trim() === '' || /[\n\r\t]/.test(group));
  if (bad !== undefined) return `role '${name}': group '${bad}' is empty or contains invalid characters`;
  return repeated(groups, (group) => `group '${group}' already exists for role '${name}'`);
}

function repeated(texts: readonly string[] | undefined, message: (text: string) => string): string | undefined {
  const found = texts?.find((text, index) => texts.indexOf(text) !== index);
  return found === undefined ? undefined : message(found);
}
