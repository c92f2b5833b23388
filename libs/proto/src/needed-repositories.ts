/** Manifests that need repositories which only rendering finds out about: submodules and remote bases. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  GenerateManifestsRequestSchema,
  GenerateManifestsResponse,
  GetAppDetailsRequestSchema,
  GetAppDetailsResponse,
  RepositorySchema,
} from './gen/tiphys/reposerver/v1/reposerver_pb.js';
import type { RepoServerClient } from './repo-server-client.js';
import { RepositoriesNeededError } from './transport-errors.js';

type ManifestsRequest = MessageInitShape<typeof GenerateManifestsRequestSchema>;
type AppDetailsRequest = MessageInitShape<typeof GetAppDetailsRequestSchema>;
type RepositoryInit = MessageInitShape<typeof RepositorySchema>;

export interface ManifestsCall {
  readonly request: ManifestsRequest;
  /** How the project of the request may reach a repository; called only for those that its rules permit. */
  readonly connectionFor: (url: string) => RepositoryInit;
  readonly signal?: AbortSignal;
}

export type GenerateManifests = (call: ManifestsCall) => Promise<GenerateManifestsResponse>;

export interface AppDetailsCall extends Omit<ManifestsCall, 'request'> {
  /** With the application, which is where the repositories go. */
  readonly request: AppDetailsRequest & { readonly application: ManifestsRequest };
}

export type GetAppDetails = (call: AppDetailsCall) => Promise<GetAppDetailsResponse>;

/** One round for each repository that names others; submodules are at most ten deep. */
const MAX_ROUNDS = 30;
const MAX_REMEMBERED = 5_000;

/**
 * Sends credentials only for what is needed: the repo-server names the repositories that are missing, and the request is
 * repeated with them. What a source needed is remembered for its next request.
 */
export function createGenerateManifests(client: Pick<RepoServerClient, 'generateManifests'>): GenerateManifests {
  const repeated = createRepeater();
  return ({ request, connectionFor, signal }) =>
    repeated({ key: keyOf(request), connectionFor }, (gitRepositories) =>
      client.generateManifests({ ...request, gitRepositories } as ManifestsRequest, signal),
    );
}

/** The same for the details of a source. */
export function createGetAppDetails(client: Pick<RepoServerClient, 'getAppDetails'>): GetAppDetails {
  const repeated = createRepeater();
  return ({ request, connectionFor, signal }) =>
    repeated({ key: keyOf(request.application), connectionFor }, (gitRepositories) => {
      const application = { ...request.application, gitRepositories } as ManifestsRequest;
      return client.getAppDetails({ ...request, application } as AppDetailsRequest, signal);
    });
}

interface Question extends Pick<ManifestsCall, 'connectionFor'> {
  readonly key: string;
}

type Repeater = <T>(question: Question, send: (repositories: RepositoryInit[]) => Promise<T>) => Promise<T>;

function createRepeater(): Repeater {
  const remembered = new Map<string, ReadonlySet<string>>();
  return async ({ key, connectionFor }, send) => {
    const urls = new Set(remembered.get(key));
    for (let round = 0; ; round += 1) {
      try {
        return await send([...urls].map((url) => connectionFor(url)));
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
