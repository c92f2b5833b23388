/** Requests to API servers in Argo CD's words, for metrics and traces. Pure. */
import type { EndedWork } from '@tiphys/runtime';
import type { RequestReport } from './observer.js';

const PATH = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(?:namespaces\/([^/]+)\/)?([^/?]+)(?:\/([^/?]+))?/;
const VERBS: Readonly<Record<string, string>> = { POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' };

/** Resource (its plural), namespace and verb. */
export function describeRequest({ method, path }: Pick<RequestReport, 'method' | 'path'>): {
  readonly kind: string;
  readonly namespace: string;
  readonly verb: string;
} {
  const [, namespace = '', kind = 'Unknown', name] = PATH.exec(path) ?? [];
  const read = /[?&]watch=/.test(path) ? 'Watch' : name === undefined ? 'List' : 'Get';
  return { kind, namespace, verb: VERBS[method] ?? read };
}

/** For Tracer.record. */
export function spanOfRequest(report: RequestReport): readonly [name: string, ended: EndedWork] {
  const { kind, namespace, verb } = describeRequest(report);
  const fields = {
    'server.address': report.host,
    'http.request.method': report.method === 'WATCH' ? 'GET' : report.method,
    'http.response.status_code': report.status,
    'k8s.resource': kind,
    'k8s.namespace.name': namespace || undefined,
  };
  const failed = report.status === 0 || report.status >= 400;
  const failure = failed ? { failure: report.status === 0 ? 'no answer' : `status ${report.status}` } : {};
  return [`kubernetes ${verb} ${kind}`, { kind: 'client', durationMs: report.durationMs, fields, ...failure }];
}
