/** Charts and value files from hosts: Helm repositories, OCI registries, plain URLs. */
import type { Clock } from '@tiphys/runtime';
import { type SingleFlight, singleFlight, systemClock } from '@tiphys/runtime';
import { createArtifacts } from './artifacts.js';
import { type ChartLimits, checkStatus, createHelmRepositories, repositoryKey } from './helm-repository.js';
import { createHttpClient } from './http.js';
import { createRegistries } from './oci.js';
import type { ArtifactClient, ChartClient, ChartQueryOptions, ChartQuestion, ChartRepository } from './ports.js';
import { isRegistry } from './registry.js';
import { createChartStore } from './store.js';

export interface ChartClientOptions {
  /** Where archives and indexes are kept. */
  readonly folder: string;
  readonly clock?: Clock;
  /** `ARGOCD_HELM_USER_AGENT` (B11). */
  readonly userAgent?: string;
  /** PEM bundle of trusted authorities; default the system's. */
  readonly ca?: string;
  readonly timeoutMs?: number;
  /** Requests to one host at a time; default 8. */
  readonly perHost?: number;
  readonly maxStoreBytes?: number;
  readonly limits?: Partial<ChartLimits>;
}

const MIB = 1024 * 1024;
const DEFAULT_LIMITS: ChartLimits = { maxIndexBytes: 128 * MIB, maxArchiveBytes: 64 * MIB, maxAgeMs: 60_000 };
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_VALUE_FILE_BYTES = 10 * MIB;

export interface RunningChartClient extends ChartClient {
  /** Folders of files in registries (B27). */
  readonly artifacts: ArtifactClient;
  close(): Promise<void>;
}

/** Callers who want the same thing at the same time share one download. */
export function createChartClient(options: ChartClientOptions): RunningChartClient {
  const http = createHttpClient({
    userAgent: options.userAgent ?? 'tiphys-repo-server',
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    clock: options.clock ?? systemClock,
    ...(options.perHost === undefined ? {} : { perHost: options.perHost }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const deps = {
    http,
    store: createChartStore(options.folder, options.maxStoreBytes ?? 1024 * MIB),
    clock: options.clock ?? systemClock,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
  const registries = createRegistries(deps);
  const repositories = createHelmRepositories(deps, registries);
  const clientFor = ({ repository }: ChartQuestion) => (isRegistry(repository.url) ? registries : repositories);
  const flights = singleFlight();
  const keyOf = (verb: string, question: ChartQuestion, asked: ChartQueryOptions): string =>
    JSON.stringify([verb, repositoryKey(question.repository), question.chart, question.version, ...wishOf(asked)]);
  return {
    resolve: (question, asked) =>
      flights.run(keyOf('resolve', question, asked), () =>
        clientFor(question).resolve(question, { ...asked, signal: NEVER }),
      ),
    fetch: (question, asked) =>
      flights.run(keyOf('fetch', question, asked), () =>
        clientFor(question).fetch(question, { ...asked, signal: NEVER }),
      ),
    test: (repository, signal) => clientFor({ repository, chart: '', version: '' }).test(repository, signal),
    list: (repository, signal) => clientFor({ repository, chart: '', version: '' }).list(repository, signal),
    fetchFile: async (url, repository, signal) => {
      const from = repository === undefined ? {} : { repository };
      const { status, body } = await http.get({ url, ...from, maxBytes: MAX_VALUE_FILE_BYTES, signal });
      checkStatus(status, url, 'value file');
      return body;
    },
    artifacts: shareFlights(createArtifacts(deps), flights),
    close: () => http.close(),
  };
}

function shareFlights(artifacts: ArtifactClient, flights: SingleFlight): ArtifactClient {
  const keyOf = (verb: string, repository: ChartRepository, rest: readonly unknown[]): string =>
    JSON.stringify([verb, repositoryKey(repository), ...rest]);
  return {
    ...artifacts,
    resolve: (question, asked) =>
      flights.run(keyOf('artifact', question.repository, [question.reference, ...wishOf(asked)]), () =>
        artifacts.resolve(question, { ...asked, signal: NEVER }),
      ),
    fetch: (pinned, limits) =>
      flights.run(keyOf('layer', pinned.repository, [pinned.digest, limits]), () =>
        artifacts.fetch(pinned, limits, NEVER),
      ),
  };
}

/** Who wants a newer answer does not join whoever asked before. */
function wishOf({ fresh = false, notBeforeMs = 0 }: ChartQueryOptions): readonly unknown[] {
  return [fresh, notBeforeMs];
}

/** A shared download goes on for the others when one caller gives up; its timeout ends it. */
const NEVER = new AbortController().signal;
