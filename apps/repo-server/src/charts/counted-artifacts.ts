/** Questions about OCI sources, counted and timed (M04); what is answered from memory counts as well. */
import type { ArtifactClient } from '@tiphys/manifests';
import type { Clock } from '@tiphys/runtime';
import type { OciRequestType, RepoServerMetrics } from '../metrics.js';

export interface CountingDeps {
  readonly counted: Pick<RepoServerMetrics, 'ociRequest'>;
  readonly clock: Clock;
}

export function countArtifacts(client: ArtifactClient, { counted, clock }: CountingDeps): ArtifactClient {
  const count = async <T>(type: OciRequestType, url: string, task: () => Promise<T>): Promise<T> => {
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
