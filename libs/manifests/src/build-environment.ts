/** The build environment (B03): what a source may refer to as `$ARGOCD_APP_NAME` and the like. */
import type { ApplicationSource } from '@tiphys/model';
import type { RenderApplication } from './ports.js';

export interface BuildEnvironment {
  readonly values: Readonly<Record<string, string>>;
  /** Replaces `$NAME` and `${NAME}`; unknown names by nothing; `$$` gives `$`. */
  substitute(text: string): string;
  /** A text that was substituted named the commit: the result is of this commit only. */
  readonly usedCommit: boolean;
}

export interface BuildEnvironmentRequest {
  readonly source: ApplicationSource;
  readonly commit: string;
  readonly application: RenderApplication;
}

const COMMIT_VARIABLES = /^ARGOCD_APP_REVISION/;
/** The syntax of Go's os.Expand, which Argo CD uses: braces, one special character, or a word. */
const REFERENCE = /\$(?:\{([*#$@!?\-0-9])\}|\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|(\w+))/g;

export function buildEnvironment({ source, commit, application }: BuildEnvironmentRequest): BuildEnvironment {
  const values: Readonly<Record<string, string>> = {
    ARGOCD_APP_NAME: application.name,
    ARGOCD_APP_NAMESPACE: application.destinationNamespace,
    ARGOCD_APP_PROJECT_NAME: application.project,
    ARGOCD_APP_REVISION: commit,
    ARGOCD_APP_REVISION_SHORT: commit.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: commit.slice(0, 8),
    ARGOCD_APP_SOURCE_REPO_URL: source.repoURL,
    ARGOCD_APP_SOURCE_PATH: source.path ?? '',
    ARGOCD_APP_SOURCE_TARGET_REVISION: source.targetRevision ?? '',
    KUBE_VERSION: application.kubeVersion,
    KUBE_API_VERSIONS: application.apiVersions.join(','),
  };
  let usedCommit = false;
  const valueOf = (name: string): string => {
    if (name === '$') return '$';
    if (COMMIT_VARIABLES.test(name)) usedCommit = true;
    return Object.hasOwn(values, name) ? (values[name] ?? '') : '';
  };
  return {
    values,
    substitute: (text) =>
      text.replace(REFERENCE, (...[, special, braced, , plainSpecial, word]: (string | undefined)[]) =>
        valueOf(special ?? braced ?? plainSpecial ?? word ?? ''),
      ),
    get usedCommit() {
      return usedCommit;
    },
  };
}
