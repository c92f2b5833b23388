/** Is what the operation deploys permitted? Asked again here: anybody who may write the Application may have set `.operation`. */
import { type Application, GitOpsError, type OperationState } from '@tiphys/model';
import { type CheckDeps, checkSpec } from '../refresh/check-spec.js';

/**
 * The rules of the project for the specification with the operation's own sources in place (F01, F02, S19).
 * @throws GitOpsError InvalidSpec naming every reason.
 */
export function checkOperation(
  deps: CheckDeps,
  { app, state }: { readonly app: Application; readonly state: OperationState },
): void {
  const { sync } = state.operation;
  if (sync === undefined) throw new GitOpsError('InvalidSpec', 'Invalid operation request: no operation specified');
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
