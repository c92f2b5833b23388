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

export function createConfiguredHealth(deps: ConfiguredHealthDeps): ConfiguredHealth {
  const current = scriptFinder(deps);
  const objects = createObjectJudge(deps.lua);
  const judgeNode = createNodeJudge(objects.judge);
  return {
    async of(live) {
      const scriptFor = current();
      if (scriptFor === undefined) return NOTHING;
      const asked = [...live].flatMap((object) => {
        const script = scriptFor(groupVersionKindOf(object));
        return script === undefined ? [] : [objects.judge(object, script)];
      });
      const judged = await Promise.all(asked);
      const overrides: HealthOverrides = (object) => {
        const script = scriptFor(groupVersionKindOf(object));
        return script === undefined ? undefined : objects.known(object, script);
      };
      return { overrides, preliminary: judged.some(({ preliminary }) => preliminary) };
    },
    async ofNodes(cluster, nodes, signal) {
      const scriptFor = current();
      const asked = nodes.flatMap((node) => {
        const script = scriptFor?.(node.key);
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

type FindScript = (groupKind: GroupKind) => HealthScript | undefined;

/** Compiled once per change of the settings; undefined: there are no scripts. */
function scriptFinder({ scripts }: ConfiguredHealthDeps): () => FindScript | undefined {
  let compiled: { readonly list: readonly HealthScript[]; readonly find: FindScript } | undefined;
  return () => {
    const list = scripts();
    if (list.length === 0) return undefined;
    if (compiled?.list !== list) compiled = { list, find: compileKindRules(list) };
    return compiled.find;
  };
}

type Judge = (object: KubernetesObject, script: HealthScript) => Promise<Judged>;

function createObjectJudge(lua: LuaRuntime) {
  /** The cache hands out the same object until it changes. */
  const memory = new WeakMap<KubernetesObject, Judged>();
  const judge: Judge = async (object, script) => {
    const found = memory.get(object);
    if (found !== undefined && !found.preliminary && isSame(found.script, script)) return found;
    const name = `resource.customizations.health.${script.group}_${script.kind}`;
    const outcome = await lua.evaluate({ name, script: script.lua, openLibs: script.useOpenLibs, object });
    const preliminary = !outcome.ok && outcome.reason !== 'error';
    const judged: Judged = { script, health: healthOfAnswer(outcome), preliminary };
    memory.set(object, judged);
    return judged;
  };
  return {
    judge,
    /** What was found out; an object that came after the evaluation waits for the next one. */
    known: (object: KubernetesObject, script: HealthScript): HealthStatus | 'none' => {
      const found = memory.get(object);
      return found !== undefined && isSame(found.script, script) ? found.health : WAITING;
    },
  };
}

interface AskedNode {
  readonly node: TreeNode;
  readonly script: HealthScript;
}

/** Reads the object of a node when the node has changed; undefined when it cannot be read. */
function createNodeJudge(judge: Judge) {
  const memory = new Map<string, JudgedNode>();
  return async function judgeNode(
    { cache }: DestinationCluster,
    { node, script }: AskedNode,
    signal: AbortSignal,
  ): Promise<Judged | undefined> {
    const { uid, resourceVersion } = node;
    const found = memory.get(uid);
    if (found?.resourceVersion === resourceVersion && !found.preliminary && isSame(found.script, script)) return found;
    const resource = cache.discovery.resolve(node.key);
    if (resource === undefined) return undefined;
    // One unreadable object must not fail the comparison; its node keeps what the cache saw.
    const object = node.object ?? (await cache.client.get(resource, node.key, signal).catch(() => undefined));
    if (object === undefined) return undefined;
    const judged = { ...(await judge(object, script)), resourceVersion };
    memory.delete(uid);
    memory.set(uid, judged);
    const [oldest] = memory.keys();
    if (memory.size > MAX_NODES && oldest !== undefined) memory.delete(oldest);
    return judged;
  };
}

function isSame(a: HealthScript, b: HealthScript): boolean {
  return a.lua === b.lua && a.useOpenLibs === b.useOpenLibs;
}
