/**
 * GET …/server-side-diff (N02): what an apply of given manifests would change, by the API server's own dry run. Only objects
 * that are the application's, or that do not exist yet, are looked at; Secrets are masked in every part (S21).
 */
import type { applicationStateRoutes, ManagedResourceView } from '@tiphys/api-contract';
import { listOf } from '@tiphys/api-contract';
import { applyResource, kubeStatusOf } from '@tiphys/cluster';
import { diffResource, isSecret, maskSecrets, type TrackingSettings, withTracking } from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ApplicationSpec,
  CONFIG_OBJECTS,
  groupVersionKindOf,
  instanceNameOf,
  isGitOpsError,
  type KubernetesObject,
  parseAppKey,
  type ResourceKey,
  resourceTreeCacheKey,
} from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';
import { parseComparisonSettings } from '@tiphys/settings';
import { findApplication } from '../../applications/find.js';
import { assertPermitted, isInTree, type LiveResourceDeps } from '../../applications/live-resource.js';
import { accessNameOf, projectOf } from '../../applications/names.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { toJson } from '../../http/json.js';
import type { Destination } from '../../kube/destinations.js';
import { accessSettings } from '../application-resources/deps.js';
import { withoutSecretValues } from '../application-resources/patch.js';
import { readView } from './cached-views.js';
import { withLiveValues } from './secret-values.js';

type Routes = typeof applicationStateRoutes;

const MAX_MANIFESTS = 100;

export function createServerSideDiff(deps: LiveResourceDeps): Handler<Routes['serverSideDiff']['schemas']> {
  return async ({ params, query }, context) => {
    const { applications } = deps.applicationState;
    const entry = findApplication(applications, context.user, { ...query, name: params.name, action: 'get' });
    const manifests = listOf(query.targetManifests);
    if (manifests.length > MAX_MANIFESTS) {
      throw new ApiError('invalidArgument', `at most ${MAX_MANIFESTS} targetManifests in one request`);
    }
    const view = await readView(deps.applicationState, context, {
      ...{ name: params.name, query, keyOf: resourceTreeCacheKey },
    });
    const subject: Subject = {
      ...{ deps, context, application: entry.application, tree: view.text },
      instanceName: instanceNameOf(parseAppKey(entry.key), applications.namespace),
      destination: await deps.destinations.for(entry.application.spec.destination),
    };
    const items: ManagedResourceView[] = [];
    for (const [index, text] of manifests.entries()) items.push(await compare(subject, parseManifest(text, index)));
    return { items, modified: items.some(({ modified }) => modified === true) };
  };
}

interface Subject {
  readonly deps: LiveResourceDeps;
  readonly context: RequestContext;
  readonly application: Application;
  readonly instanceName: string;
  readonly destination: Destination;
  /** The application's, as text. */
  readonly tree: string | undefined;
}

function parseManifest(text: string, index: number): KubernetesObject {
  const refuse = (reason: string) => new ApiError('invalidArgument', `targetManifests[${index}] ${reason}`);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // The parser's own message would repeat a piece of it.
    throw refuse('is not JSON');
  }
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubernetesObject>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string') {
    throw refuse('needs apiVersion, kind and metadata.name');
  }
  return value as KubernetesObject;
}

async function compare(subject: Subject, manifest: KubernetesObject): Promise<ManagedResourceView> {
  const { deps, application } = subject;
  const pair = await readPair(subject, manifest);
  const { key, live } = pair;
  const comparison = comparisonSettings(deps);
  const target = tracked(pair.target, subject, comparison);
  const predicted = await dryRun(subject, { target, live });
  const compareOptions = application.metadata.annotations?.[ANNOTATIONS.compareOptions]?.split(',') ?? [];
  const { verdict, normalizedLive, predictedLive } = diffResource(target, live, {
    ...{ settings: comparison, ignoreDifferences: ignoredOf(application.spec), alwaysAsk: true },
    ...{ predicted: { object: predicted }, keepWebhookChanges: compareOptions.includes('IncludeMutationWebhook=true') },
  });
  // A new object is shown as the API server would complete it.
  const shown = { live: normalizedLive, predicted: live === undefined ? predicted : predictedLive };
  const masked = maskSecrets(shown, accessSettings(deps).sensitiveAnnotations);
  return {
    ...{ group: key.group, kind: key.kind, namespace: key.namespace, name: key.name },
    targetState: textOf(masked.predicted),
    liveState: textOf(masked.live),
    modified: verdict !== 'equal',
    ...(live?.metadata.resourceVersion === undefined ? {} : { resourceVersion: live.metadata.resourceVersion }),
  };
}

const ignoredOf = ({ ignoreDifferences = [] }: ApplicationSpec) => ignoreDifferences;

function textOf(object: KubernetesObject | undefined): string {
  if (object === undefined) return '';
  const { managedFields: _, ...metadata } = object.metadata;
  return toJson({ ...object, metadata });
}

interface Pair {
  readonly key: ResourceKey;
  readonly live: KubernetesObject | undefined;
  readonly target: KubernetesObject;
}

/** @throws ApiError permissionDenied for what the project does not allow and for what is somebody else's. */
async function readPair(subject: Subject, manifest: KubernetesObject): Promise<Pair> {
  const { deps, context, application, destination, tree } = subject;
  const { group, kind, version } = groupVersionKindOf(manifest);
  const resource = await destination.discovery.ensure({ group, kind }, context.signal, version);
  if (resource === undefined) {
    throw new ApiError('invalidArgument', `the cluster does not serve ${kind} of ${manifest.apiVersion}`);
  }
  const { name = '' } = manifest.metadata;
  const wanted = manifest.metadata.namespace || application.spec.destination.namespace || 'default';
  const namespace = resource.namespaced ? wanted : '';
  const { namespace: _, ...metadata } = manifest.metadata;
  const placed = { ...manifest, metadata: { ...metadata, ...(resource.namespaced ? { namespace } : {}) } };
  const { applications } = deps.applicationState;
  assertPermitted(applications.projects.get(projectOf(application)), placed, { application, destination, resource });
  const key = { group, kind, namespace, name };
  const live = await destination.client.get(resource, key, context.signal);
  if (live === undefined) return { key, live, target: placed };
  if (!isInTree(tree, key)) {
    throw new ApiError(
      'permissionDenied',
      `${kind} ${name} exists and is not part of application ${subject.instanceName}`,
    );
  }
  // A caller who may not write could guess the values of a Secret by asking which of them would change nothing.
  const access = {
    resource: 'applications',
    action: 'update',
    object: accessNameOf(application, applications.namespace),
  };
  const mayWrite = applications.authorizer(context.user, access as Parameters<typeof applications.authorizer>[1]);
  return { key, live, target: isSecret(live) && !mayWrite ? withLiveValues(placed, live) : placed };
}

function tracked(
  target: KubernetesObject,
  { instanceName, application }: Subject,
  settings: TrackingSettings,
): KubernetesObject {
  const destinationNamespace = application.spec.destination.namespace ?? '';
  return withTracking(target, { name: instanceName, destinationNamespace }, settings);
}

async function dryRun(
  { context, destination }: Subject,
  { target, live }: Omit<Pair, 'key'>,
): Promise<KubernetesObject | undefined> {
  const { client, discovery } = destination;
  try {
    const options = { clientSideApplyMigration: false, dryRun: true };
    return (await applyResource({ client, discovery, object: target, live, options, signal: context.signal })).object;
  } catch (error) {
    const safe = withoutSecretValues(target, error);
    // What the API server says of the manifest is the caller's to correct; of a wrong type it says so with 500.
    const isRefusal = isGitOpsError(safe) && (safe.code !== 'Upstream' || kubeStatusOf(error)?.code === 500);
    throw isRefusal ? new ApiError('invalidArgument', safe.message) : safe;
  }
}

function comparisonSettings({ applicationState }: LiveResourceDeps) {
  return parseComparisonSettings(applicationState.applications.settings.configMap(CONFIG_OBJECTS.settings)).settings;
}
