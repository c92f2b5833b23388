/** Streams the logs of an application's pods (N04): as slowly as the client reads, and no longer than it stays. */
import type { LogEntry, PodLogsQuery, podLogsRoutes } from '@tiphys/api-contract';
import type { KubeClient } from '@tiphys/cluster';
import type { ApplicationTree } from '@tiphys/gitops-engine';
import { GitOpsError, isGitOpsError, kubernetesTime, redact, resourceTreeCacheKey } from '@tiphys/model';
import { findApplication } from '../../applications/find.js';
import { accessNameOf } from '../../applications/names.js';
import { type AccessRequest, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext, Stream } from '../../http/context.js';
import type { StreamHandler } from '../../http/handler.js';
import { type ApplicationResourceDeps, accessSettings } from '../application-resources/deps.js';
import { readView } from '../application-state/cached-views.js';
import { type LogLine, logLines, messageLine } from './lines.js';
import { mergeByTime } from './merge.js';
import { type PodName, selectPods } from './pods.js';
import { type LogsRequest, parseLogsQuery } from './query.js';

type Routes = typeof podLogsRoutes;

/** How long a followed log that says nothing holds the others back. */
const PATIENCE_MS = 100;

export function createPodLogs(deps: ApplicationResourceDeps): StreamHandler<Routes['podLogs']['schemas']> {
  return ({ params, query }, context) => openLogs(deps, context, { ...params, query });
}

export function createResourceLogs(deps: ApplicationResourceDeps): StreamHandler<Routes['resourceLogs']['schemas']> {
  return ({ params, query }, context) => openLogs(deps, context, { name: params.name, query });
}

interface LogsOfRequest {
  readonly name: string;
  readonly query: PodLogsQuery;
  readonly podName?: string;
}

async function openLogs(
  deps: ApplicationResourceDeps,
  context: RequestContext,
  { name, query, podName }: LogsOfRequest,
): Promise<Stream<LogEntry>> {
  const { applications } = deps.applicationState;
  const { application } = findApplication(applications, context.user, { ...query, name, action: 'get' });
  const object = accessNameOf(application, applications.namespace);
  const access: AccessRequest = { resource: 'logs', action: 'get', object };
  authorize(applications.authorizer, context.user, access);
  const logs = parseLogsQuery(query, podName);
  const { text } = await readView(deps.applicationState, context, { name, query, keyOf: resourceTreeCacheKey });
  const { nodes = [] } = JSON.parse(text ?? '{}') as Partial<ApplicationTree>;
  const pods = selectPods(nodes, logs.selection);
  refuseTooMany(pods, accessSettings(deps).maxPodLogs);
  const { client } = await deps.destinations.for(application.spec.destination);
  const now = () => applications.clock.now();
  return {
    items: entries({ client, pods, logs, now, signal: context.signal }),
    isPermitted: () => applications.authorizer(context.user, access),
  };
}

function refuseTooMany(pods: readonly PodName[], limit: number): void {
  if (pods.length <= limit) return;
  throw new ApiError(
    'invalidArgument',
    `max pods to view logs are reached: ${pods.length} pods, at most ${limit} (server.maxPodLogsToRender). Please provide more granular query`,
  );
}

interface Sending {
  readonly client: KubeClient;
  readonly pods: readonly PodName[];
  readonly logs: LogsRequest;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Ends with an entry that says so, when the logs have ended or the asked time has. */
async function* entries(sending: Sending): AsyncGenerator<LogEntry, void> {
  const { logs, now } = sending;
  if (sending.pods.length === 0) return;
  const done = new AbortController();
  const signal = AbortSignal.any([sending.signal, done.signal]);
  const sources = sending.pods.map((pod) => openLog({ ...sending, signal }, pod));
  try {
    for await (const line of mergeByTime(sources, logs.follow ? PATIENCE_MS : Number.POSITIVE_INFINITY)) {
      if (!logs.shows(line)) continue;
      const isLast = logs.isLate(line);
      yield entryOf(line, isLast);
      if (isLast) return;
    }
    yield entryOf(messageLine('', '', now()), true);
  } catch (error) {
    if (!sending.signal.aborted) throw isGitOpsError(error) ? error : brokenOff(error);
  } finally {
    done.abort(new Error('the stream of logs is over'));
  }
}

function brokenOff(cause: unknown): GitOpsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GitOpsError('Upstream', `a log broke off (${reason}); ask for it again`, { cause });
}

/** A log that cannot be opened says why in an entry, for the person who reads. */
async function* openLog({ client, logs, now, signal }: Sending, { namespace, name }: PodName): AsyncGenerator<LogLine> {
  const pod = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  let chunks: AsyncIterable<Buffer>;
  try {
    chunks = await client.stream(`${pod}/log?${logs.parameters}`, { signal, mayBeginLate: logs.follow });
  } catch (error) {
    if (signal.aborted || !isGitOpsError(error)) throw error;
    yield messageLine(name, redact(error.message), now());
    return;
  }
  yield* logLines(name, chunks, now);
}

function entryOf({ content, time, ms, podName }: LogLine, last: boolean): LogEntry {
  const timeStamp = kubernetesTime(new Date(ms));
  return { content, timeStamp, last, timeStampStr: time, podName };
}
