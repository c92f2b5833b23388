/** From protobuf messages to the types that the work is done with. Everything is checked here. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { GitCredentials, GitRemote } from '@tiphys/git';
import { DEFAULT_MAX_COMBINED_MANIFEST_BYTES, type RenderApplication, type RenderSettings } from '@tiphys/manifests';
import { type ApplicationSource, GitOpsError } from '@tiphys/model';
import type { GenerateManifestsRequest, RenderSettings as RenderSettingsMessage, Repository } from '@tiphys/proto';
import type { CacheMode } from '../manifests/render-source.js';

/** @throws GitOpsError InvalidSpec without a repository, ManifestGeneration for Helm and OCI repositories. */
export function toRemote(repository: Repository | undefined): GitRemote {
  if (repository === undefined || repository.url === '') {
    throw new GitOpsError('InvalidSpec', 'The source names no repository. Set spec.source.repoURL.');
  }
  if (repository.type !== '' && repository.type !== 'git') {
    const message = `Repositories of type "${repository.type}" are not supported by this version of the repo-server. Use a Git repository.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  return { url: repository.url, credentials: toCredentials(repository) };
}

function toCredentials(repository: Repository): GitCredentials {
  const texts = {
    username: repository.username,
    password: repository.password,
    bearerToken: repository.bearerToken,
    sshPrivateKey: repository.sshPrivateKey,
    sshKnownHosts: repository.sshKnownHosts,
    tlsCaData: repository.tlsCaData,
    tlsClientCertData: repository.tlsClientCertData,
    tlsClientCertKey: repository.tlsClientCertKey,
    proxy: repository.proxy,
    noProxy: repository.noProxy,
  };
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return {
    ...(Object.fromEntries(given) as Partial<typeof texts>),
    ...(repository.insecure ? { insecure: true } : {}),
    ...(repository.forceHttpBasicAuth ? { forceHttpBasicAuth: true } : {}),
  };
}

/** The Struct carries the custom resource's own field names; the API server has validated them. */
export function toApplicationSource(message: JsonObject | undefined): ApplicationSource {
  const source = (message ?? {}) as Record<string, unknown>;
  const known = { repoURL: '', ...source };
  const wrong = ['path', 'targetRevision', 'chart', 'ref', 'tagPrefix'].find(
    (field) => known[field as keyof typeof known] !== undefined && typeof source[field] !== 'string',
  );
  if (wrong !== undefined) {
    throw new GitOpsError(
      'InvalidSpec',
      `The field ${wrong} of the source is not a text. Correct spec.source.${wrong}.`,
    );
  }
  return known as ApplicationSource;
}

/** @throws GitOpsError InvalidSpec for an unknown mode. */
export function toCacheMode(text: string): CacheMode {
  if (text === '' || text === 'normal') return 'normal';
  if (text === 'resolve' || text === 'hard') return text;
  throw new GitOpsError('InvalidSpec', `Unknown cache mode "${text}": use normal, resolve or hard.`);
}

export function toRenderApplication(request: GenerateManifestsRequest): RenderApplication {
  return {
    name: request.appName,
    project: request.project,
    destinationNamespace: request.destinationNamespace,
    kubeVersion: request.kubeVersion,
    apiVersions: request.apiVersions,
  };
}

export function toRenderSettings(message: RenderSettingsMessage | undefined): RenderSettings {
  const bytes = Number(message?.maxCombinedManifestBytes ?? 0n);
  return { maxCombinedManifestBytes: bytes > 0 ? bytes : DEFAULT_MAX_COMBINED_MANIFEST_BYTES };
}
