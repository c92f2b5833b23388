/** Manifests that need repositories which only rendering finds out about: submodules and remote bases. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  GenerateManifestsRequestSchema,
  GenerateManifestsResponse,
  RepositorySchema,
} from './gen/tiphys/reposerver/v1/reposerver_pb.js';
import type { RepoServerClient } from './repo-server-client.js';
import { RepositoriesNeededError } from './transport-errors.js';

type ManifestsRequest = MessageInitShape<typeof GenerateManifestsRequestSchema>;
type RepositoryInit = MessageInitShape<typeof RepositorySchema>;

export interface ManifestsCall {
  readonly request: ManifestsRequest;
  /** How the project of the request may reach a repository; called only for those that its rules permit. */
  readonly connectionFor: (url: string) => RepositoryInit;
  readonly signal?: AbortSignal;
}

export type GenerateManifests = (call: ManifestsCall) => Promise<GenerateManifestsResponse>;

/** One round for each repository that names others; submodules are at most ten deep. */
const MAX_ROUNDS = 30;
const MAX_REMEMBERED = 5_000;

/**
 * Sends credentials only for what is needed: the repo-server names the repositories that are missing, and the request is
 * repeated with them. What a source needed is remembered for its next request.
 */
export function createGenerateManifests(client: Pick<RepoServerClient, 'generateManifests'>): GenerateManifests {
  const remembered = new Map<string, ReadonlySet<string>>();
  return async ({ request, connectionFor, signal }) => {
    const key = keyOf(request);
    const urls = new Set(remembered.get(key));
    for (let round = 0; ; round += 1) {
      try {
        const gitRepositories = [...urls].map((url) => connectionFor(url));
        return await client.generateManifests({ ...request, gitRepositories } as ManifestsRequest, signal);
      } catch (error) {
        const missing = error instanceof RepositoriesNeededError ? error.urls.filter((url) => !urls.has(url)) : [];
        if (missing.length === 0 || round === MAX_ROUNDS) throw error;
        for (const url of missing) urls.add(url);
        remember(remembered, key, urls);
      }
    }
  };
}

function keyOf({ project = '', sources = [] }: ManifestsRequest): string {
  return JSON.stringify([project, sources.map(({ repository }) => repository?.url ?? '')]);
}

function remember(remembered: Map<string, ReadonlySet<string>>, key: string, urls: ReadonlySet<string>): void {
  remembered.delete(key);
  remembered.set(key, new Set(urls));
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}
