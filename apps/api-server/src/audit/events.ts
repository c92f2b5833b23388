/** Audit trail (F35): every user action becomes a Kubernetes Event on the object, with the user's name, as Argo CD writes them. */
import { randomBytes } from 'node:crypto';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { API_VERSION, type AppProject, type KubernetesObject, kubernetesTime, redact } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import { type EventLabelSettings, eventLabels } from '@tiphys/settings';
import { displayNameOf, type Subject } from '../http/context.js';
import { API_SERVER_MANAGER } from '../kube/write-options.js';

export type AuditReason =
  | 'ResourceCreated'
  | 'ResourceUpdated'
  | 'ResourceDeleted'
  | 'OperationStarted'
  | 'ResourceActionRan';

/** Never fails and never delays the action: the Event is written behind it. `action` as in "created application". */
export type Audit = (user: Subject, object: AuditedObject, entry: AuditEntry) => void;

export type AuditedObject = Pick<KubernetesObject, 'metadata'> & { readonly spec?: unknown };

export interface AuditEntry {
  readonly reason: AuditReason;
  readonly action: string;
  /** Default: Application. */
  readonly kind?: string;
  /** Default: that of Argo CD's own kinds. */
  readonly apiVersion?: string;
}

export interface AuditDeps {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly eventLabels: () => EventLabelSettings;
}

const WRITE_TIMEOUT_MS = 10_000;
const APPLICATION = 'Application';

export function createAudit(deps: AuditDeps): Audit {
  return (user, object, entry) => {
    const { name, namespace } = object.metadata;
    deps.log.info('user action', {
      user: displayNameOf(user),
      reason: entry.reason,
      action: entry.action,
      name,
      namespace,
    });
    const options = { fieldManager: API_SERVER_MANAGER, signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) };
    deps.kube
      .create(RESOURCES.events, eventOf(deps, { user, object, entry }), options)
      .catch((error: unknown) =>
        deps.log.warn('audit event not written', { name, namespace, reason: entry.reason, error }),
      );
  };
}

interface EventFacts {
  readonly user: Subject;
  readonly object: AuditedObject;
  readonly entry: AuditEntry;
}

function eventOf(deps: AuditDeps, facts: EventFacts): KubernetesObject {
  const { user, object, entry } = facts;
  const { name = '', namespace = '', uid, resourceVersion } = object.metadata;
  const time = kubernetesTime(deps.clock.now());
  const kind = entry.kind ?? APPLICATION;
  const labels = kind === APPLICATION ? labelsOf(deps, object) : {};
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${randomBytes(8).toString('hex')}`,
      namespace,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...annotationsOf(kind, facts),
    },
    involvedObject: { apiVersion: entry.apiVersion ?? API_VERSION, kind, name, namespace, uid, resourceVersion },
    reason: entry.reason,
    message: redact(`${displayNameOf(user) || 'Unknown user'} ${entry.action}`).slice(0, 1024),
    type: 'Normal',
    source: { component: API_SERVER_MANAGER },
    reportingComponent: API_SERVER_MANAGER,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

/** Argo CD's: the user on all kinds but projects, the destination on Applications. */
function annotationsOf(kind: string, { user, object }: EventFacts): object {
  if (kind === 'AppProject') return {};
  const { server = '', namespace = '' } = (object.spec as Spec | undefined)?.destination ?? {};
  const destination = kind === APPLICATION ? { 'dest-server': server, 'dest-namespace': namespace } : {};
  return { annotations: { ...destination, user: displayNameOf(user) } };
}

interface Spec {
  readonly project?: string;
  readonly destination?: { readonly server?: string; readonly namespace?: string };
}

function labelsOf({ projects, eventLabels: settings }: AuditDeps, { metadata, spec }: AuditedObject) {
  const project = projects.get((spec as Spec | undefined)?.project ?? '');
  return eventLabels(settings(), { application: metadata.labels ?? {}, project: project?.metadata.labels ?? {} });
}
