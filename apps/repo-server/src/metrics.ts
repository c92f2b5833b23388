/**
 * Metrics of the repo-server under Argo CD's names (M04). Failures have no label `revision`: users choose revisions, so there
 * would be a series for each that was ever asked for.
 */
import type { GitRequestReport } from '@tiphys/git';
import { redact } from '@tiphys/model';
import type { Metrics } from '@tiphys/runtime';

export type RenderOutcome = 'rendered' | 'cached' | 'failed';

const OCI_REQUEST_TYPES = ['resolve-revision', 'extract', 'digest-metadata', 'get-tags', 'test-repo'] as const;
export type OciRequestType = (typeof OCI_REQUEST_TYPES)[number];

export interface OciRequestReport {
  readonly url: string;
  readonly type: OciRequestType;
  readonly ms: number;
  readonly ok: boolean;
}

export interface RepoServerMetrics {
  gitRequest(report: GitRequestReport): void;
  /** About an OCI source (M04). */
  ociRequest(report: OciRequestReport): void;
  /** Counts a request that waits or runs; call the result when it ends. */
  pending(repository: string): () => void;
  render(outcome: RenderOutcome): void;
  /** A run of helm, kustomize or jsonnet, by a long-lived renderer or by a process of its own. */
  toolRun(tool: string, by: 'renderer' | 'process'): void;
  /** How long a run of a tool waited for its place (`reposerver.parallelism.limit`). */
  parallelismWait(ms: number): void;
}

const SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 10, 20];
const WAIT_SECONDS = [...SECONDS, 60, 120];

export function createRepoServerMetrics(metrics: Metrics): RepoServerMetrics {
  const labels = ['repo', 'request_type'] as const;
  const total = metrics.counter({
    name: 'argocd_git_request_total',
    help: 'Number of git requests performed by repo server',
    labels,
  });
  const seconds = metrics.histogram({
    name: 'argocd_git_request_duration_seconds',
    help: 'Git requests duration seconds.',
    labels,
    buckets: SECONDS,
  });
  const failed = {
    fetch: metrics.counter({
      name: 'argocd_git_fetch_fail_total',
      help: 'Number of git fetch requests failures by repo server',
      labels: ['repo'],
    }),
    'ls-remote': metrics.counter({
      name: 'argocd_git_lsremote_fail_total',
      help: 'Number of git ls-remote requests failures by repo server',
      labels: ['repo'],
    }),
  };
  const ociRequest = createOciMetrics(metrics);
  const pending = metrics.gauge({
    name: 'argocd_repo_pending_request_total',
    help: 'Number of pending requests requiring repository lock',
    labels: ['repo'],
  });
  const waits = metrics.histogram({
    name: 'argocd_repo_parallelism_wait_duration_seconds',
    help: 'Time spent waiting for the repo-server manifest generation parallelism semaphore.',
    buckets: WAIT_SECONDS,
  });
  const renders = metrics.counter({ name: 'tiphys_renders_total', help: 'Answers with manifests', labels: ['result'] });
  const toolRuns = metrics.counter({
    name: 'tiphys_tool_runs_total',
    help: 'Runs of tools, by a long-lived renderer or a process of their own',
    labels: ['tool', 'by'],
  });
  return {
    gitRequest: ({ url, type, ms, ok }) => {
      const repo = redact(url);
      total.inc({ repo, request_type: type });
      seconds.observe({ repo, request_type: type }, ms / 1_000);
      if (!ok) failed[type].inc({ repo });
    },
    ociRequest,
    pending: (repository) => {
      const repo = redact(repository);
      pending.inc({ repo });
      return () => pending.dec({ repo });
    },
    parallelismWait: (ms) => waits.observe(ms / 1_000),
    render: (outcome) => renders.inc({ result: outcome }),
    // A version of a tool is chosen by users: it must not make series.
    toolRun: (tool, by) => toolRuns.inc({ tool: /(helm|kustomize|jsonnet)[^/]*$/.exec(tool)?.[1] ?? 'other', by }),
  };
}

/** Names are Argo CD's; revisions, which users choose, are no labels. */
function createOciMetrics(metrics: Metrics): (report: OciRequestReport) => void {
  const labels = ['repo', 'request_type'] as const;
  const total = metrics.counter({
    name: 'argocd_oci_request_total',
    help: 'Number of OCI requests performed by repo server',
    labels,
  });
  const seconds = metrics.histogram({
    name: 'argocd_oci_request_duration_seconds',
    help: 'OCI requests duration seconds.',
    labels,
    buckets: SECONDS,
  });
  const failed = new Map(
    OCI_REQUEST_TYPES.map((type) => {
      const name = `argocd_oci_${type.replaceAll('-', '_')}_fail_total`;
      return [type, metrics.counter({ name, help: `Failed requests of the type ${type}`, labels: ['repo'] })];
    }),
  );
  return ({ url, type, ms, ok }) => {
    const repo = redact(url);
    total.inc({ repo, request_type: type });
    seconds.observe({ repo, request_type: type }, ms / 1_000);
    if (!ok) failed.get(type)?.inc({ repo });
  };
}
