/** Writes of Tiphys as the API server's audit log has them. */
import { type AuditWrite, auditWrites } from '@tiphys/testing';
import type { Site } from './site.js';

export interface WriteQuery {
  readonly since: number;
  /** Destination namespace, or the control-plane namespace. */
  readonly namespace?: string;
  /** Default: the services that reconcile. */
  readonly user?: string;
}

export interface Writes {
  /** `verb resource/name`, in the order of the log. */
  readonly list: readonly string[];
  readonly entries: readonly AuditWrite[];
}

/** Real writes (no dry runs) that were not Events. */
export async function writesOf(site: Site, { since, namespace, user }: WriteQuery): Promise<Writes> {
  const entries = await auditWrites(site.cluster, {
    since,
    user: user ?? 'tiphys-controller',
    ...(namespace === undefined ? {} : { namespace }),
    where: ({ resource }) => resource !== 'events',
  });
  return { entries, list: entries.map(describe) };
}

function describe({ verb, resource, subresource, name }: AuditWrite): string {
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}/${name}`;
}
