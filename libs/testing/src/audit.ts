/** Reads the API server's audit log: who wrote what, as the server saw it. */
import { randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ControlPlaneInfo } from './control-plane.js';
import { eventually } from './eventually.js';
import { createKubeClient } from './kube-client.js';

/** One write request as the API server answered it. */
export interface AuditWrite {
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** HTTP status of the answer. */
  readonly code: number;
  readonly stage: string;
  readonly requestURI: string;
  /** Query parameters of the request. */
  readonly fieldManager: string;
  readonly dryRun: boolean;
  readonly timestamp: string;
}

/** Which writes to return; a string must be equal, a predicate may decide the rest. */
export interface AuditFilter {
  readonly user?: string;
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Position from auditPosition(): only later writes. */
  readonly since?: number;
  /** Dry runs change nothing; they are left out unless this is true. */
  readonly includeDryRuns?: boolean;
  readonly where?: (write: AuditWrite) => boolean;
}

const MARKER = 'tiphys-audit-marker';

/** The current end of the log, to pass as `since` later. Everything that was answered before this call is before it. */
export async function auditPosition(cluster: ControlPlaneInfo): Promise<number> {
  await flush(cluster);
  return statSync(cluster.auditLogPath).size;
}

/** The writes that were answered before this call and match the filter, oldest first. */
export async function auditWrites(cluster: ControlPlaneInfo, filter: AuditFilter = {}): Promise<readonly AuditWrite[]> {
  await flush(cluster);
  const writes = await readLog(cluster.auditLogPath, filter.since ?? 0);
  return writes.filter((write) => matches(write, filter));
}

/** The log is written after the answer, so a marker request is made and waited for. */
async function flush(cluster: ControlPlaneInfo): Promise<void> {
  if (cluster.auditLogPath === '') {
    throw new Error('this cluster is not ours: it has no audit log');
  }
  const marker = `${MARKER}-${randomUUID()}`;
  const start = statSync(cluster.auditLogPath, { throwIfNoEntry: false })?.size ?? 0;
  const client = createKubeClient({ ...cluster, token: cluster.adminToken }, marker);
  try {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    await client.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body });
  } finally {
    await client.close();
  }
  const find = async () => {
    const writes = await readLog(cluster.auditLogPath, start);
    if (!writes.some((write) => write.userAgent === marker)) {
      throw new Error('the marker is not in the log yet');
    }
  };
  await eventually(find, { description: 'audit log', timeoutMs: 30_000, intervalMs: 5 });
}

async function readLog(file: string, start: number): Promise<AuditWrite[]> {
  const lines = createInterface({ input: createReadStream(file, { start }), crlfDelay: Number.POSITIVE_INFINITY });
  const writes: AuditWrite[] = [];
  for await (const line of lines) {
    const event = parseLine(line);
    if (event !== undefined) {
      writes.push(toWrite(event));
    }
  }
  return writes;
}

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: Partial<Record<'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name', string>>;
  readonly responseStatus?: { readonly code?: number };
  readonly stageTimestamp?: string;
}

/** The last line may be half written. */
function parseLine(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
}

function toWrite(event: AuditEvent): AuditWrite {
  const query = new URLSearchParams(event.requestURI.split('?')[1] ?? '');
  const { apiGroup: group, ...object } = event.objectRef ?? {};
  const origin = { user: event.user?.username ?? '', userAgent: event.userAgent ?? '' };
  return {
    ...{ verb: event.verb, stage: event.stage, requestURI: event.requestURI, ...origin },
    ...{ resource: '', subresource: '', namespace: '', name: '', ...object, group: group ?? '' },
    code: event.responseStatus?.code ?? 0,
    fieldManager: query.get('fieldManager') ?? '',
    dryRun: query.has('dryRun'),
    timestamp: event.stageTimestamp ?? '',
  };
}

function matches(write: AuditWrite, filter: AuditFilter): boolean {
  const fields = ['user', 'verb', 'resource', 'namespace', 'name'] as const;
  return (
    !write.userAgent.startsWith(MARKER) &&
    (filter.includeDryRuns === true || !write.dryRun) &&
    fields.every((field) => filter[field] === undefined || filter[field] === write[field]) &&
    (filter.where === undefined || filter.where(write))
  );
}
