/** Every operation of the contract, however it is grouped there: nothing can be added without a case here. */
import * as contract from '@tiphys/api-contract';
import { HTTP_METHODS, type RouteContract } from '@tiphys/api-contract';

/** By operation id. */
export const operations: ReadonlyMap<string, RouteContract> = new Map(
  Object.values(contract)
    .flatMap((exported: unknown) => (typeof exported === 'object' && exported !== null ? Object.values(exported) : []))
    .filter(isRoute)
    .map((route) => [route.operationId, route]),
);

function isRoute(value: unknown): value is RouteContract {
  if (typeof value !== 'object' || value === null) return false;
  const { method, path, operationId } = value as Partial<RouteContract>;
  return HTTP_METHODS.some((known) => known === method) && typeof path === 'string' && typeof operationId === 'string';
}

export interface Input {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/** Path and query of a request; parameters that take the rest of the path keep their slashes. */
export function urlOf(route: RouteContract, { params = {}, query = {} }: Input): string {
  const path = route.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = encodeURIComponent(params[name] ?? 'absent');
    return route.rest === true ? value.replaceAll('%2F', '/') : value;
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of typeof value === 'string' ? [value] : value) search.append(name, one);
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
