/** Health by the scripts of `argocd-cm` (E05): evaluated before a comparison, remembered as long as an object stays the same. */
import type { CachedResource } from '@tiphys/cluster';
import { compileKindRules, type HealthOverrides, healthOfAnswer, type NodeSummary } from '@tiphys/gitops-engine';
import type { LuaRuntime } from '@tiphys/lua';
import { type GroupKind, groupVersionKindOf, type HealthStatus, type KubernetesObject } from '@tiphys/model';
import type { HealthScript } from '@tiphys/settings';
import type { DestinationCluster } from '../ports.js';

export interface ConfiguredHealth {
  /** Judges the objects that a script is for. The result is good for one comparison. */
  of(objects: Iterable<KubernetesObject>): Promise<EvaluatedHealth>;
  /** The same for nodes of the tree, of which only a summary is kept: by uid. Those that cannot be read are left out. */
  ofNodes(cluster: DestinationCluster, nodes: readonly TreeNode[], signal: AbortSignal): Promise<NodeHealth>;
}

type TreeNode = CachedResource<NodeSummary>;
export type NodeHealth = ReadonlyMap<string, HealthStatus | 'none'>;

export interface EvaluatedHealth {
  /** `undefined` for objects without a script. */
  readonly overrides: HealthOverrides | undefined;
  /** A script went over a limit: what it said may be different the next time. */
  readonly preliminary: boolean;
}

export interface ConfiguredHealthDeps {
  readonly lua: LuaRuntime;
  /** The same array as long as the settings stay the same. */
  readonly scripts: () => readonly HealthScript[];
}

interface Judged {
  readonly script: HealthScript;
  readonly health: HealthStatus | 'none';
  readonly preliminary: boolean;
}

interface JudgedNode extends Judged {
  readonly resourceVersion: string;
}

const NOTHING: EvaluatedHealth = { overrides: undefined, preliminary: false };
const WAITING: HealthStatus = { status: 'Progressing', message: 'Waiting for its health check' };
/** Of the oldest nodes the health is forgotten and found out again. */
const MAX_NODES = 20_000;
const READS_AT_ONCE = 8;

export function createConfiguredHealth({ lua, scripts }: ConfiguredHealthDeps): ConfiguredHealth {
  /** The cache hands out the same object until it changes. */
  const known = new WeakMap<KubernetesObject, Judged>();
  const knownNodes = new Map<string, JudgedNode>();
  let compiled = { list: [] as readonly HealthScript[], scriptFor: compileKindRules<HealthScript>([]) };

  function current(): (groupKind: GroupKind) => HealthScript | undefined {
    const list = scripts();
    if (compiled.list !== list) compiled = { list, scriptFor: compileKindRules(list) };
    return compiled.scriptFor;
  }

  async function judge(object: KubernetesObject, script: HealthScript): Promise<Judged> {
    const found = known.get(object);
    if (found !== undefined && !found.preliminary && isSame(found.script, script)) return found;
    const name = `resource.customizations.health.${script.group}_${script.kind}`;
    const outcome = await lua.evaluate({ name, script: script.lua, openLibs: script.useOpenLibs, object });
    const preliminary = !outcome.ok && outcome.reason !== 'error';
    const judged: Judged = { script, health: healthOfAnswer(outcome), preliminary };
    known.set(object, judged);
    return judged;
  }

  async function judgeNode(
    { cache }: DestinationCluster,
    { node, script }: { readonly node: TreeNode; readonly script: HealthScript },
    signal: AbortSignal,
  ): Promise<JudgedNode | undefined> {
    const { uid, resourceVersion } = node;
    const found = knownNodes.get(uid);
    if (found?.resourceVersion === resourceVersion && !found.preliminary && isSame(found.script, script)) return found;
    const resource = cache.discovery.resolve(node.key);
    if (resource === undefined) return undefined;
    // One unreadable object must not fail the comparison; its node keeps what the cache saw.
    const object = node.object ?? (await cache.client.get(resource, node.key, signal).catch(() => undefined));
    if (object === undefined) return undefined;
    const judged = { ...(await judge(object, script)), resourceVersion };
    knownNodes.delete(uid);
    knownNodes.set(uid, judged);
    const [oldest] = knownNodes.keys();
    if (knownNodes.size > MAX_NODES && oldest !== undefined) knownNodes.delete(oldest);
    return judged;
  }

  return {
    async of(objects) {
      const scriptFor = current();
      if (compiled.list.length === 0) return NOTHING;
      const judged = await Promise.all(
        [...objects].map((object) => {
          const script = scriptFor(groupVersionKindOf(object));
          return script === undefined ? undefined : judge(object, script);
        }),
      );
      const overrides: HealthOverrides = (live) => {
        const script = scriptFor(groupVersionKindOf(live));
        if (script === undefined) return undefined;
        const found = known.get(live);
        return found !== undefined && isSame(found.script, script) ? found.health : WAITING;
      };
      return { overrides, preliminary: judged.some((result) => result?.preliminary === true) };
    },
    async ofNodes(cluster, nodes, signal) {
      const scriptFor = current();
      const asked = nodes.flatMap((node) => {
        const script = scriptFor(node.key);
        return script === undefined ? [] : [{ node, script }];
      });
      const health = new Map<string, HealthStatus | 'none'>();
      for (let from = 0; from < asked.length; from += READS_AT_ONCE) {
        const part = asked.slice(from, from + READS_AT_ONCE);
        const judged = await Promise.all(part.map((entry) => judgeNode(cluster, entry, signal)));
        part.forEach(({ node }, index) => {
          const found = judged[index];
          if (found !== undefined) health.set(node.uid, found.health);
        });
      }
      return health;
    },
  };
}

function isSame(a: HealthScript, b: HealthScript): boolean {
  return a.lua === b.lua && a.useOpenLibs === b.useOpenLibs;
}
