/** Networking information of Services and Ingresses: who they select, where they send, which URLs lead in. */
import { groupOf, type KubernetesObject } from '@tiphys/model';
import { type Fields, isFields, listAt, textAt, valueAt } from '../health/fields.js';
import type { ResourceNetworkingInfo, ResourceRef } from './types.js';

const LINK_PREFIX = 'link.argocd.argoproj.io/';
const IGNORE_DEFAULT_LINKS = 'argocd.argoproj.io/ignore-default-links';

/** `undefined` for kinds without networking and without link annotations. */
export function networkingOf(object: KubernetesObject): ResourceNetworkingInfo | undefined {
  const links = linksOf(object);
  const group = groupOf(object.apiVersion);
  if (group === '' && object.kind === 'Pod') return withUrls({ labels: object.metadata.labels ?? {} }, links);
  if (group === '' && object.kind === 'Service') return withUrls(serviceInfo(object), links);
  const isIngress = object.kind === 'Ingress' && (group === 'networking.k8s.io' || group === 'extensions');
  if (isIngress) return ingressInfo(object, links);
  return links.length === 0 ? undefined : { externalURLs: links };
}

function withUrls(info: ResourceNetworkingInfo, urls: readonly string[]): ResourceNetworkingInfo {
  return urls.length === 0 ? info : { ...info, externalURLs: urls };
}

/** Annotations `link.argocd.argoproj.io/<name>: <url>` or `<title>|<url>`; only http and https, because they become links. */
function linksOf(object: KubernetesObject): readonly string[] {
  return Object.entries(object.metadata.annotations ?? {})
    .filter(([name]) => name.startsWith(LINK_PREFIX))
    .map(([, value]) => value)
    .filter((value) => /^https?:\/\//i.test(value.slice(value.indexOf('|') + 1)))
    .sort();
}

function serviceInfo(service: KubernetesObject): ResourceNetworkingInfo {
  const selector = valueAt(service, 'spec', 'selector');
  const targetLabels = Object.entries(isFields(selector) ? selector : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const balanced = textAt(service, 'spec', 'type') === 'LoadBalancer' ? balancersOf(service) : [];
  return {
    ...(targetLabels.length === 0 ? {} : { targetLabels: Object.fromEntries(targetLabels) }),
    ...(balanced.length === 0 ? {} : { ingress: balanced }),
  };
}

type Balancer = NonNullable<ResourceNetworkingInfo['ingress']>[number];

function balancersOf(object: KubernetesObject): readonly Balancer[] {
  return listAt(object, 'status', 'loadBalancer', 'ingress').flatMap((entry): readonly Balancer[] => {
    const hostname = textAt(entry, 'hostname');
    if (hostname !== undefined) return [{ hostname }];
    const ip = textAt(entry, 'ip');
    return ip === undefined ? [] : [{ ip }];
  });
}

function ingressInfo(ingress: KubernetesObject, links: readonly string[]): ResourceNetworkingInfo {
  const balancers = balancersOf(ingress);
  const rules = listAt(ingress, 'spec', 'rules');
  const backends = [
    valueAt(ingress, 'spec', 'backend'),
    valueAt(ingress, 'spec', 'defaultBackend'),
    ...rules.flatMap((rule) => listAt(rule, 'http', 'paths').map((path) => path.backend)),
  ];
  const services = [...new Set(backends.flatMap((backend) => serviceName(backend) ?? []))].sort();
  const targetRefs = services.map((name): ResourceRef => ({ kind: 'Service', ...namespaceOf(ingress), name }));
  const hideLinks = ingress.metadata.annotations?.[IGNORE_DEFAULT_LINKS] === 'true';
  const urls = hideLinks ? [] : rules.flatMap((rule) => urlsOf(ingress, rule, balancers));
  const info: ResourceNetworkingInfo = {
    ...(targetRefs.length === 0 ? {} : { targetRefs }),
    ...(balancers.length === 0 ? {} : { ingress: balancers }),
  };
  return withUrls(info, [...new Set([...links, ...[...urls].sort()])]);
}

function namespaceOf(object: KubernetesObject): Pick<ResourceRef, 'namespace'> {
  return object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace };
}

/** `service.name` of networking.k8s.io/v1, `serviceName` before. */
function serviceName(backend: unknown): string | undefined {
  return textAt(backend, 'service', 'name') ?? textAt(backend, 'serviceName');
}

function urlsOf(ingress: KubernetesObject, rule: Fields, balancers: readonly Balancer[]): readonly string[] {
  const [balancer] = balancers;
  const host = textAt(rule, 'host') || (balancer?.hostname ?? balancer?.ip ?? '');
  if (host === '') return [];
  const scheme = isEncrypted(ingress, host) ? 'https' : 'http';
  return listAt(rule, 'http', 'paths').map((path) => {
    const suffix = (textAt(path, 'path') ?? '').replace(/\*$/, '');
    return `${scheme}://${host}${suffix}`;
  });
}

/** A TLS entry with a secret covers every host, as Argo CD has it; one without names its hosts. */
function isEncrypted(ingress: KubernetesObject, host: string): boolean {
  return listAt(ingress, 'spec', 'tls').some((entry) => {
    const hosts = entry.hosts;
    return textAt(entry, 'secretName') !== undefined || (Array.isArray(hosts) && hosts.includes(host));
  });
}
