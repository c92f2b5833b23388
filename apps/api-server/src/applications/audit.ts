/** Audit trail (F35): every user action becomes a Kubernetes Event on the object, with the user's name. */
import { randomBytes } from 'node:crypto';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { API_VERSION, type KubernetesObject, kubernetesTime, redact } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Subject } from '../http/context.js';
import { API_SERVER_MANAGER } from '../kube/write-options.js';

export type AuditReason =
  | 'ResourceCreated'
  | 'ResourceUpdated'
  | 'ResourceDeleted'
  | 'OperationStarted'
  | 'ResourceActionRan';

/** Never fails and never delays the action: the Event is written behind it. `action` as in "created application". */
export type Audit = (user: Subject, object: Pick<KubernetesObject, 'metadata'>, entry: AuditEntry) => void;

export interface AuditEntry {
  readonly reason: AuditReason;
  readonly action: string;
  readonly kind?: string;
}

export interface AuditDeps {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}

const WRITE_TIMEOUT_MS = 10_000;

export function createAudit(deps: AuditDeps): Audit {
  return (user, object, entry) => {
    const { name, namespace } = object.metadata;
    deps.log.info('user action', { user: user.username, reason: entry.reason, action: entry.action, name, namespace });
    const options = { fieldManager: API_SERVER_MANAGER, signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) };
    deps.kube
      .create(RESOURCES.events, eventOf({ user, object, entry, at: deps.clock.now() }), options)
      .catch((error: unknown) =>
        deps.log.warn('audit event not written', { name, namespace, reason: entry.reason, error }),
      );
  };
}

interface EventFacts {
  readonly user: Subject;
  readonly object: Pick<KubernetesObject, 'metadata'>;
  readonly entry: AuditEntry;
  readonly at: Date;
}

function eventOf({ user, object, entry, at }: EventFacts): KubernetesObject {
  const { name = '', namespace = '', uid, resourceVersion } = object.metadata;
  const time = kubernetesTime(at);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject: {
      apiVersion: API_VERSION,
      kind: entry.kind ?? 'Application',
      name,
      namespace,
      uid,
      resourceVersion,
    },
    reason: entry.reason,
    message: redact(`${user.username} ${entry.action}`).slice(0, 1024),
    type: 'Normal',
    source: { component: API_SERVER_MANAGER },
    reportingComponent: API_SERVER_MANAGER,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
