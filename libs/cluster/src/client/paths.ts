/** URL paths of the Kubernetes REST API. Every part from outside is encoded, so that a name cannot leave its segment. */
import type { ApiResource } from '../ports.js';

export interface ResourcePath {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** `/apis/apps/v1/namespaces/a/deployments/b/scale`; the namespace is left out for cluster-scoped kinds. */
export function resourcePath(resource: ApiResource, { namespace, name, subresource }: ResourcePath): string {
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const item = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const tail = subresource === undefined ? '' : `/${encodeURIComponent(subresource)}`;
  return `${groupVersionPath(resource)}${scope}/${encodeURIComponent(resource.resource)}${item}${tail}`;
}

/** `a=b&c=d` with a leading question mark; undefined, empty and false values are left out. */
export function queryString(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Pick<ApiResource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

function groupVersionPath({ group, version }: ApiResource): string {
  const encoded = encodeURIComponent(version);
  return group === '' ? `/api/${encoded}` : `/apis/${encodeURIComponent(group)}/${encoded}`;
}
