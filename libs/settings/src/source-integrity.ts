/** What a project demands of signatures (F06), with the keys that decide about them (G13). */
import { type AppProject, CONFIG_OBJECTS } from '@tiphys/model';
import type { ConnectionSources } from './repository-connection.js';

/** Field names are those of the repo-server's `SourceIntegrity` message. */
export interface SourceIntegrityInputs {
  readonly gitPolicies: { repos: string[]; mode: string; keys: string[] }[];
  readonly gpgKeys: string[];
  readonly sshAllowedSigners: string;
}

/** Ours, beside the GPG keys: lines as ssh-keygen takes them (`name namespaces="git" ssh-ed25519 AAAA...`). */
const SSH_ALLOWED_SIGNERS = 'ssh_allowed_signers';

/** Undefined when the project demands nothing. `signatureKeys` mean: the head of every Git repository (as in Argo CD). */
export function sourceIntegrityInputs(
  project: AppProject | undefined,
  { configMap }: Pick<ConnectionSources, 'configMap'>,
): SourceIntegrityInputs | undefined {
  const gitPolicies = policiesOf(project);
  if (gitPolicies.length === 0) return undefined;
  const { [SSH_ALLOWED_SIGNERS]: sshAllowedSigners = '', ...keys } = configMap(CONFIG_OBJECTS.gpgKeys);
  return { gitPolicies, gpgKeys: Object.values(keys), sshAllowedSigners };
}

/** Manifests that come from no commit are refused then (B35). */
export function demandsSignatures(project: AppProject | undefined): boolean {
  return policiesOf(project).length > 0;
}

function policiesOf(project: AppProject | undefined): SourceIntegrityInputs['gitPolicies'] {
  const { sourceIntegrity, signatureKeys = [] } = project?.spec ?? {};
  if (sourceIntegrity !== undefined) {
    return (sourceIntegrity.git?.policies ?? []).map(({ repos, gpg }) => ({
      repos: repos.map(({ url }) => url),
      mode: gpg.mode,
      keys: [...(gpg.keys ?? [])],
    }));
  }
  if (signatureKeys.length === 0) return [];
  return [{ repos: ['*'], mode: 'head', keys: signatureKeys.map(({ keyID }) => keyID) }];
}
