/** Is what the operation deploys permitted? Asked again here: anybody who may write the Application may have set `.operation`. */
import { type Application, DEFAULT_PROJECT, GitOpsError, type OperationState } from '@tiphys/model';
import { demandsSignatures } from '@tiphys/settings';
import { type CheckDeps, checkSpec } from '../refresh/check-spec.js';

/**
 * The rules of the project for the specification with the operation's own sources in place (F01, F02, S19), and for manifests
 * that come from no commit (B35).
 * @throws GitOpsError InvalidSpec naming every reason.
 */
export function checkOperation(
  deps: CheckDeps,
  { app, state }: { readonly app: Application; readonly state: OperationState },
): void {
  const { sync } = state.operation;
  if (sync === undefined) throw new GitOpsError('InvalidSpec', 'Invalid operation request: no operation specified');
  if ((sync.manifests ?? []).length > 0 && demandsSignatures(deps.projects.get(app.spec.project || DEFAULT_PROJECT))) {
    const text = `project ${app.spec.project || DEFAULT_PROJECT} demands signed commits, which manifests of an operation are not; sync a signed commit`;
    throw new GitOpsError('InvalidSpec', text);
  }
  const problems = checkSpec({ ...app, spec: specOf(app, sync) }, deps);
  if (problems.length === 0) return;
  throw new GitOpsError('InvalidSpec', problems.map(({ type, message }) => `${type}: ${message}`).join('; '));
}

function specOf(
  { spec }: Application,
  { source, sources }: { source?: object; sources?: object[] },
): Application['spec'] {
  if (source === undefined && sources === undefined) return spec;
  const { source: _source, sources: _sources, sourceHydrator: _hydrator, ...rest } = spec;
  return { ...rest, ...(sources === undefined ? { source } : { sources }) } as Application['spec'];
}
