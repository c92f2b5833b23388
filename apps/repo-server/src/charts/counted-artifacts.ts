/** Questions about OCI sources, counted and timed (M04); what is answered from memory counts as well. */
import type { ArtifactClient, RunningChartClient } from '@tiphys/manifests';
import type { Clock } from '@tiphys/runtime';
import type { OciRequestType, RepoServerMetrics } from '../metrics.js';

export interface CountingDeps {
  readonly counted: Pick<RepoServerMetrics, 'ociRequest'>;
  readonly clock: Clock;
}

type Count = <T>(type: OciRequestType, url: string, task: () => Promise<T>) => Promise<T>;

function counter({ counted, clock }: CountingDeps): Count {
  return async (type, url, task) => {
    const started = clock.now().getTime();
    const report = (ok: boolean): void => counted.ociRequest({ url, type, ok, ms: clock.now().getTime() - started });
    try {
      const result = await task();
      report(true);
      return result;
    } catch (error) {
      report(false);
      throw error;
    }
  };
}

export function countArtifacts(client: ArtifactClient, deps: CountingDeps): ArtifactClient {
  const count = counter(deps);
  return {
    resolve: (question, options) =>
      count('resolve-revision', question.repository.url, () => client.resolve(question, options)),
    fetch: (pinned, limits, signal) =>
      count('extract', pinned.repository.url, () => client.fetch(pinned, limits, signal)),
    annotations: (pinned, signal) =>
      count('digest-metadata', pinned.repository.url, () => client.annotations(pinned, signal)),
    tags: (repository, signal) => count('get-tags', repository.url, () => client.tags(repository, signal)),
  };
}

/** Tests of registries are counted with the questions about OCI sources; those of other chart repositories are not. */
export function countChartTests(client: RunningChartClient, deps: CountingDeps): RunningChartClient {
  const count = counter(deps);
  return {
    ...client,
    test: (repository, signal) => {
      const test = (): Promise<void> => client.test(repository, signal);
      return isRegistry(repository) ? count('test-repo', repository.url, test) : test();
    },
  };
}

function isRegistry({ url, ...repository }: { readonly url: string; readonly enableOci?: boolean }): boolean {
  return url.startsWith('oci://') || repository.enableOci === true;
}
