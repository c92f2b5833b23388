/** Which headers pass between a client and the backend of an extension (N20): never a session, in neither direction. */
import type { Application } from '@tiphys/model';
import type { ExtensionService } from '@tiphys/settings';
import { displayNameOf, type Subject } from '../../http/context.js';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Of one connection only (RFC 9110, 7.6.1), or set anew by whoever sends. */
const HOP_BY_HOP: readonly string[] = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'host', 'http2-settings'],
];
const SESSION: readonly string[] = ['authorization', 'cookie'];
/** What our own answers say to browsers: a backend cannot weaken it, nor set cookies of our address. */
const OURS: readonly string[] = [
  ...['set-cookie', 'set-cookie2', 'content-security-policy', 'x-frame-options', 'x-content-type-options'],
  ...[
    'strict-transport-security',
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'clear-site-data',
  ],
  ...['referrer-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'service-worker-allowed'],
];
const PREFIX = 'argocd-';

export interface ExtensionCall {
  /** Of the control plane. */
  readonly namespace: string;
  readonly application: Pick<Application, 'metadata' | 'spec'>;
  readonly user: Subject;
  readonly service: ExtensionService;
}

/** What the backend gets. Headers of ours that a client makes up are replaced or left out. */
export function requestHeaders(incoming: Headers, call: ExtensionCall): Record<string, string | string[]> {
  const own = ownHeaders(call);
  const configured = Object.entries(call.service.headers).filter(([name]) => !name.startsWith(PREFIX));
  return {
    ...passed(incoming, (name) => !SESSION.includes(name) && !name.startsWith(PREFIX)),
    ...Object.fromEntries(configured),
    ...own,
  };
}

function ownHeaders({ namespace, application, user }: ExtensionCall): Record<string, string> {
  const { name = '', namespace: appNamespace = namespace } = application.metadata;
  const { destination, project } = application.spec;
  const headers = {
    'argocd-namespace': namespace,
    'argocd-application-name': `${appNamespace}:${name}`,
    'argocd-project-name': project || 'default',
    'argocd-target-cluster-name': destination.name,
    'argocd-target-cluster-url': destination.server,
    'argocd-username': displayNameOf(user),
    'argocd-user-id': user.username,
    'argocd-user-groups': user.groups.join(','),
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, value]) => (value ? [[header, latin1(value)] as const] : [])),
  );
}

/** A header is bytes: other letters go as UTF-8, as Go sends them; line ends cannot. */
function latin1(text: string): string {
  return Buffer.from(text.replace(/[\r\n\0]/g, ' ')).toString('latin1');
}

/** What the client gets of the backend's answer. */
export function responseHeaders(incoming: Headers): Record<string, string | string[]> {
  return passed(incoming, (name) => !OURS.includes(name));
}

function passed(headers: Headers, isPassed: (name: string) => boolean): Record<string, string | string[]> {
  const named = [headers['connection'] ?? '']
    .flat()
    .join(',')
    .toLowerCase()
    .split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, value]) => {
      const name = header.toLowerCase();
      const isDropped = HOP_BY_HOP.includes(name) || named.includes(name) || !isPassed(name);
      return isDropped || value === undefined ? [] : [[name, typeof value === 'string' ? value : [...value]] as const];
    }),
  );
}
