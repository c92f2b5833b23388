/** What a failed call to a plugin means, whoever's sidecar it was. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { GitOpsError } from '@tiphys/model';
import { ERROR_CODE_TRAILER, fromGrpcError } from '@tiphys/proto';
import { cleanMessage } from '../workspace/tool-error.js';

/** Work folders of Argo CD's sidecars, which their messages name. */
const FOREIGN_FOLDERS = /(?:\/[\w.-]+)*\/_(?:argocd_)?cmp_server\/[\w-]+\/?/g;

export interface FailedPlugin {
  readonly name: string;
  readonly timeoutMs: number;
}

/** Upstream when the sidecar is not there, else ManifestGeneration; an error of our own sidecars as it was thrown. */
export function failureOf(error: ServiceError, { name, timeoutMs }: FailedPlugin): GitOpsError {
  if (error.metadata?.get(ERROR_CODE_TRAILER)[0] !== undefined) return fromGrpcError(error, `The plugin ${name}`);
  const said = cleanMessage(error.details.replaceAll(FOREIGN_FOLDERS, ''), { folders: [], secrets: [] });
  const options = { cause: error };
  switch (error.code) {
    case status.UNAVAILABLE: {
      const next = 'Check that its container runs beside the repo-server and shares the volume of the plugin sockets.';
      return new GitOpsError('Upstream', `The plugin ${name} does not answer: ${said}. ${next}`, options);
    }
    case status.DEADLINE_EXCEEDED: {
      const next = 'Make it faster, or raise the time that a render may take (renderTimeout of the repo-server).';
      const message = `The plugin ${name} did not finish within ${timeoutMs / 1_000} s and was stopped. ${next}`;
      return new GitOpsError('ManifestGeneration', message, options);
    }
    case status.UNIMPLEMENTED: {
      const next = 'Run argocd-cmp-server of Argo CD 2.8 or later, or the plugin server of Tiphys.';
      return new GitOpsError('ManifestGeneration', `The plugin ${name} is too old: ${said}. ${next}`, options);
    }
    case status.CANCELLED:
      return new GitOpsError('Upstream', `The plugin ${name} ended the call: ${said}. It is retried.`, options);
    default:
      return new GitOpsError('ManifestGeneration', `The plugin ${name} failed: ${said}`, options);
  }
}
