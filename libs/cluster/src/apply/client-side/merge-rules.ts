/** How lists of a built-in kind merge: read from the server's OpenAPI v3 document, kept only as far as a patch needs it. */
import type { ApiResource, KubeClient } from '../../ports.js';

/** Rule of one field. `type` names the rules of what is inside (of the object, or of the list's elements). */
export interface FieldRule {
  readonly type: string | undefined;
  /** Elements merge instead of replacing the list. */
  readonly merge: boolean;
  readonly mergeKey: string | undefined;
  /** The fields of the manifest are the only ones that stay (Deployment strategy, volumes). */
  readonly retainKeys: boolean;
}

export interface MergeRules {
  readonly root: string;
  readonly types: ReadonlyMap<string, ReadonlyMap<string, FieldRule>>;
}

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-group-version-kind'?: readonly Kind[];
}
interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}
interface PatchOperation {
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
  readonly 'x-kubernetes-group-version-kind'?: Kind;
}
interface OpenApi {
  readonly paths?: Readonly<Record<string, { readonly patch?: PatchOperation }>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface GroupVersionRules {
  readonly types: MergeRules['types'];
  /** Kind to type name, for kinds that take strategic merge patches; custom resources do not. */
  readonly roots: ReadonlyMap<string, string>;
}

/** The documents are large and change with the server's version only: asked once per client and group version. */
const cache = new WeakMap<KubeClient, Map<string, Promise<GroupVersionRules>>>();

/** Undefined for kinds without strategic merge patch (custom resources): a JSON merge patch is theirs. */
export async function mergeRulesOf(
  client: KubeClient,
  resource: ApiResource,
  signal: AbortSignal,
): Promise<MergeRules | undefined> {
  const path = resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`;
  const known = cache.get(client) ?? new Map<string, Promise<GroupVersionRules>>();
  cache.set(client, known);
  const pending = known.get(path) ?? fetchRules(client, path, signal);
  known.set(path, pending);
  try {
    const { types, roots } = await pending;
    const root = roots.get(resource.kind);
    return root === undefined ? undefined : { root, types };
  } catch (error) {
    known.delete(path);
    throw error;
  }
}

async function fetchRules(client: KubeClient, path: string, signal: AbortSignal): Promise<GroupVersionRules> {
  const document = (await client.request('GET', `/openapi/v3/${path}`, { signal })) as OpenApi;
  const strategic = new Set(
    Object.values(document.paths ?? {}).flatMap(({ patch }) => {
      const takes = patch?.requestBody?.content?.['application/strategic-merge-patch+json'] !== undefined;
      return takes ? [patch?.['x-kubernetes-group-version-kind']?.kind ?? ''] : [];
    }),
  );
  const schemas = Object.entries(document.components?.schemas ?? {});
  const roots = schemas.flatMap(([name, schema]) =>
    (schema['x-kubernetes-group-version-kind'] ?? [])
      .filter(({ kind }) => strategic.has(kind))
      .map(({ kind }) => [kind, name] as const),
  );
  return { types: new Map(schemas.map(([name, schema]) => [name, rulesOf(schema)])), roots: new Map(roots) };
}

function rulesOf({ properties = {} }: Schema): ReadonlyMap<string, FieldRule> {
  const rules = Object.entries(properties).map(([field, schema]) => {
    const strategy = (schema['x-kubernetes-patch-strategy'] ?? '').split(',');
    const rule: FieldRule = {
      type: typeName(schema) ?? typeName(schema.items),
      merge: strategy.includes('merge'),
      mergeKey: schema['x-kubernetes-patch-merge-key'],
      retainKeys: strategy.includes('retainKeys'),
    };
    return [field, rule] as const;
  });
  return new Map(rules.filter(([, rule]) => rule.type !== undefined || rule.merge || rule.retainKeys));
}

function typeName(schema: Schema | undefined): string | undefined {
  const reference = schema?.$ref ?? schema?.allOf?.[0]?.$ref;
  return reference?.slice(reference.lastIndexOf('/') + 1);
}
