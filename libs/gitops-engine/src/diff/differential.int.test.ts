/**
 * The in-process diff against the API server itself: some forty objects, each unchanged, with every field removed or
 * changed in Git, and with changes by others, compared with a server-side-apply dry run at the same resourceVersion.
 * The dry run is the truth; `equal` must never be wrong.
 */
import type { JsonValue, KubernetesObject } from '@tiphys/model';
import {
  type ControlPlane,
  eventually,
  type KubeClient,
  KubeError,
  type KubeObject,
  startControlPlane,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PredictedLive } from '../compare/types.js';
import { type DiffOptions, diffResource } from './diff-resource.js';
import { asJson, isJsonArray, isJsonObject, jsonEqual } from './json.js';
import objects from './testdata/objects.json' with { type: 'json' };

const MANAGER = 'argocd-controller';
const APPLY = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const OPTIONS: DiffOptions = {
  settings: {
    fieldManager: MANAGER,
    ignoreDifferences: [],
    ignoreResourceStatusField: 'all',
    ignoreAggregatedRoles: false,
  },
  ignoreDifferences: [],
};
const MANIFESTS = objects as unknown as readonly KubernetesObject[];

type Scenario =
  | 'unchanged'
  | 'removed in Git'
  | 'changed in Git'
  | 'added in Git'
  | 'foreign label'
  | 'changed by others'
  | 'removed by others'
  | 'client-side applied';
type Truth = 'equal' | 'different' | 'refused';
interface Case {
  readonly scenario: Scenario;
  readonly object: string;
  readonly what: string;
  readonly truth: Truth;
  readonly verdict: string;
  /** The verdict when the dry run's answer is given. */
  readonly decided: string;
  readonly because: readonly string[];
  /** Managers that the diff names as authors. */
  readonly authors: readonly string[];
  /** Every difference is something that is no longer live. */
  readonly gone: boolean;
}
type Pointer = readonly (string | number)[];

let cluster: ControlPlane;
let client: KubeClient;
const cases: Case[] = [];

beforeAll(async () => {
  // Without controllers nothing changes an object between the read and the dry run (dependencies.md 15, finding 7).
  cluster = await startControlPlane({ controllerManager: false, customResources: false });
  client = cluster.client('tiphys-controller');
  // Admission of Pods asks for it, and there is no controller to create it.
  await client.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
});
afterAll(async () => {
  await cluster.stop();
});

describe('the in-process diff against server-side-apply dry runs', () => {
  it.each(MANIFESTS.map((target) => ({ name: `${target.kind} ${target.metadata.name ?? ''}`, target })))(
    'agrees with the API server about $name',
    async ({ target: manifest }) => {
      const target = inNamespace(manifest);
      await applyFirst(target);
      const before = cases.length;
      await judge({ scenario: 'unchanged', what: '', target, base: target });
      for (const pointer of pointersOf(asJson(target))) {
        await judge({
          scenario: 'removed in Git',
          what: text(pointer),
          target: edited(target, pointer, undefined),
          base: target,
        });
        const changed = otherValue(valueAt(asJson(target), pointer));
        if (changed !== undefined) {
          await judge({
            scenario: 'changed in Git',
            what: text(pointer),
            target: edited(target, pointer, changed),
            base: target,
          });
        }
      }
      await judgeAdditions(target);
      await judgeForeign(target);
      await judgeClientSide(target);
      const wrong = cases.slice(before).filter(isWrongEqual);
      expect(wrong).toEqual([]);
      expect(cases.slice(before).filter(isWrongDecision)).toEqual([]);
    },
    120_000,
  );

  it('costs no dry run at rest and decides most cases alone', () => {
    console.log(table());
    const atRest = cases.filter(({ scenario, verdict }) => scenario === 'unchanged' && verdict !== 'equal');
    // Defaults inside atomic lists of custom resources, and defaults that follow from other fields: only the server knows.
    expect(atRest.map(({ object }) => object)).toEqual(['Widget/with-schema', 'LimitRange/limits']);
    expect(cases.filter((one) => one.verdict === 'different' && one.truth === 'equal')).toEqual([]);
    // What was changed to nothing (a renamed element, `false` that is not stored) is gone, and nobody owns what is gone.
    const changed = cases.filter(
      ({ scenario, verdict, gone }) => scenario === 'changed by others' && verdict === 'different' && !gone,
    );
    expect(changed.length).toBeGreaterThan(50);
    expect(changed.filter(({ authors }) => !authors.includes('somebody'))).toEqual([]);
    expect(cases.length).toBeGreaterThan(MANIFESTS.length * 10);
    const kept = cases.filter(({ scenario, truth }) => scenario !== 'removed in Git' && truth !== 'refused');
    expect(kept.length).toBeGreaterThan(300);
    expect(kept.filter(({ verdict }) => verdict === 'unsure').length / kept.length).toBeLessThanOrEqual(0.02);
  });
});

function isWrongEqual({ verdict, truth }: Case): boolean {
  return verdict === 'equal' && truth === 'different';
}

function isWrongDecision({ decided, truth, scenario }: Case): boolean {
  return truth === 'different' && decided === 'equal' && scenario !== 'client-side applied';
}

function inNamespace(manifest: KubernetesObject): KubernetesObject {
  const isCluster =
    /^(CustomResourceDefinition|Namespace|PersistentVolume|ClusterRole|ClusterRoleBinding|StorageClass|PriorityClass|IngressClass|ValidatingWebhookConfiguration|ValidatingAdmissionPolicy|FlowSchema)$/;
  if (isCluster.test(manifest.kind)) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace: 'default' } };
}

async function applyFirst(target: KubernetesObject): Promise<void> {
  await eventually(() => client.apply(target as KubeObject, { fieldManager: MANAGER }), { timeoutMs: 20_000 });
}

interface Trial {
  readonly scenario: Scenario;
  readonly what: string;
  readonly target: KubernetesObject;
  /** What names the object. */
  readonly base: KubernetesObject;
}

async function judge(trial: Trial): Promise<void> {
  const path = await client.pathOf(trial.base as KubeObject);
  const live = await client.get<KubernetesObject>(path);
  const predicted = await dryRun(path, trial.target);
  const first = diffResource(trial.target, live, OPTIONS);
  const second = diffResource(trial.target, live, { ...OPTIONS, predicted, alwaysAsk: true });
  const truth = truthOf(predicted, live);
  cases.push({
    scenario: trial.scenario,
    object: `${trial.base.kind}/${trial.base.metadata.name ?? ''}`,
    what: trial.what,
    truth,
    verdict: first.verdict,
    decided: second.verdict,
    because: [...first.unsureBecause, ...first.differences.map(({ path: at }) => at)],
    gone: first.differences.every(({ live: value }) => value === undefined),
    authors: first.drift.map(({ manager }) => manager),
  });
}

async function dryRun(path: string, target: KubernetesObject): Promise<PredictedLive> {
  const query = { fieldManager: MANAGER, force: 'true', dryRun: 'All' };
  try {
    return { object: await client.request('PATCH', path, { query, contentType: APPLY, body: target }) };
  } catch (error) {
    if (error instanceof KubeError) return { object: undefined, error: error.message };
    throw error;
  }
}

function truthOf({ object }: PredictedLive, live: KubernetesObject): Truth {
  if (object === undefined) return 'refused';
  return jsonEqual(comparable(object), comparable(live)) ? 'equal' : 'different';
}

function comparable(object: KubernetesObject): JsonValue {
  const { status: _status, metadata, ...rest } = asJson(object);
  const {
    managedFields: _fields,
    resourceVersion: _version,
    generation: _generation,
    ...kept
  } = metadata as Record<string, JsonValue>;
  return { ...rest, metadata: kept };
}

async function judgeAdditions(target: KubernetesObject): Promise<void> {
  const added = edited(target, ['metadata', 'labels'], { ...target.metadata.labels, added: 'yes' });
  await judge({ scenario: 'added in Git', what: 'label', target: added, base: target });
  const annotated = edited(target, ['metadata', 'annotations'], {
    ...target.metadata.annotations,
    'example.com/added': 'yes',
  });
  await judge({ scenario: 'added in Git', what: 'annotation', target: annotated, base: target });
}

async function judgeForeign(target: KubernetesObject): Promise<void> {
  const path = await client.pathOf(target as KubeObject);
  const write = (body: readonly unknown[]) =>
    client.request('PATCH', path, { query: { fieldManager: 'somebody' }, contentType: JSON_PATCH, body });
  await client.patch(path, { metadata: { labels: { foreign: 'yes' } } }, { fieldManager: 'somebody' });
  await judge({ scenario: 'foreign label', what: 'foreign', target, base: target });
  for (const pointer of sample(pointersOf(asJson(target)), 24)) {
    const at = pointerInLive(pointer, {
      target: asJson(target),
      live: asJson(await client.get<KubernetesObject>(path)),
    });
    if (at === undefined) continue;
    const wanted = valueAt(asJson(target), pointer);
    const changed = otherValue(wanted);
    if (changed !== undefined && (await accepted(() => write([{ op: 'replace', path: at, value: changed }])))) {
      await judge({ scenario: 'changed by others', what: text(pointer), target, base: target });
      await restore(target, path);
    }
    if (await accepted(() => write([{ op: 'remove', path: at }]))) {
      await judge({ scenario: 'removed by others', what: text(pointer), target, base: target });
      await restore(target, path);
    }
  }
}

/** A foreign change may leave an object that our apply is not valid on: then it is made anew. */
async function restore(target: KubernetesObject, path: string): Promise<void> {
  const applied = await accepted(() => client.apply(target as KubeObject, { fieldManager: MANAGER }));
  if (applied) return;
  await client.remove(path, { gracePeriodSeconds: '0' });
  await applyFirst(target);
}

async function accepted(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof KubeError) return false;
    throw error;
  }
}

/** The same object under another name, created as `kubectl apply` and Argo CD's client-side apply would have. */
async function judgeClientSide(target: KubernetesObject): Promise<void> {
  if (target.kind === 'CustomResourceDefinition') return;
  const name = `${target.metadata.name ?? ''}-csa`;
  const copy: KubernetesObject = { ...target, metadata: { ...target.metadata, name } };
  const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(copy) };
  const annotations = { ...target.metadata.annotations, ...lastApplied };
  const body = { ...copy, metadata: { ...copy.metadata, annotations } };
  const path = await client.pathOf(copy as KubeObject);
  const collection = path.slice(0, path.lastIndexOf('/'));
  await client.request('POST', collection, { query: { fieldManager: MANAGER }, body });
  await judge({ scenario: 'client-side applied', what: '', target: copy, base: copy });
}

/** Every field and list element below the top level, except identity. */
function pointersOf(object: JsonValue, at: Pointer = []): readonly Pointer[] {
  const members: readonly (readonly [string | number, JsonValue | undefined])[] = isJsonArray(object)
    ? object.map((item, index) => [index, item] as const)
    : isJsonObject(object)
      ? Object.entries(object)
      : [];
  return members.flatMap(([name, value]) => {
    const pointer = [...at, name];
    if (value === undefined || isIdentity(pointer)) return [];
    return [pointer, ...pointersOf(value, pointer)].filter((one) => one.length > 1 || name !== 'metadata');
  });
}

function isIdentity(pointer: Pointer): boolean {
  return ['apiVersion', 'kind', 'metadata.name', 'metadata.namespace', 'metadata.creationTimestamp'].includes(
    pointer.join('.'),
  );
}

function sample(pointers: readonly Pointer[], count: number): readonly Pointer[] {
  const step = Math.max(1, pointers.length / count);
  return pointers.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

function text(pointer: Pointer): string {
  return pointer.join('.');
}

function valueAt(object: JsonValue, pointer: Pointer): JsonValue | undefined {
  return pointer.reduce<JsonValue | undefined>(
    (at, step) => (at as Record<string | number, JsonValue> | undefined)?.[step],
    object,
  );
}

/** The object with the value at the pointer replaced, or removed when it is undefined. */
function edited(object: KubernetesObject, pointer: Pointer, value: JsonValue | undefined): KubernetesObject {
  const copy = structuredClone(object) as unknown as Record<string | number, JsonValue>;
  const parents = pointer.slice(0, -1);
  let at: Record<string | number, JsonValue> = copy;
  for (const step of parents) at = at[step] as Record<string | number, JsonValue>;
  const last = pointer.at(-1) ?? '';
  if (value !== undefined) at[last] = value;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
  return copy as unknown as KubernetesObject;
}

/** JSON pointer to the same place in the live object; elements of lists are found by their name-like keys. */
function pointerInLive(
  pointer: Pointer,
  sides: { readonly target: JsonValue; readonly live: JsonValue },
): string | undefined {
  let { target, live } = sides as { target: JsonValue | undefined; live: JsonValue | undefined };
  const steps: (string | number)[] = [];
  for (const step of pointer) {
    const wanted: JsonValue | undefined = (target as Record<string | number, JsonValue>)[step];
    const index =
      isJsonArray(live) && isJsonObject(wanted) ? live.findIndex((item) => isSameElement(item, wanted)) : step;
    if (index === -1) return undefined;
    live = (live as Record<string | number, JsonValue> | undefined)?.[index];
    if (live === undefined) return undefined;
    target = wanted;
    steps.push(index);
  }
  return `/${steps.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
}

function isSameElement(live: JsonValue, target: JsonValue): boolean {
  const keys = ['name', 'id', 'containerPort', 'port', 'mountPath', 'topologyKey', 'key', 'path'];
  if (!isJsonObject(live) || !isJsonObject(target)) return false;
  const key = keys.find((one) => target[one] !== undefined);
  return key === undefined || jsonEqual(live[key], target[key]);
}

function otherValue(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  return undefined;
}

function table(): string {
  const scenarios = [...new Set(cases.map(({ scenario }) => scenario))];
  const rows = scenarios.map((scenario) => {
    const own = cases.filter((one) => one.scenario === scenario);
    const decided = own.filter(({ truth }) => truth !== 'refused');
    const count = (test: (one: Case) => boolean) => decided.filter(test).length;
    return {
      scenario,
      cases: own.length,
      refused: own.length - decided.length,
      agree: count(({ verdict, truth }) => verdict === truth),
      unsure: count(({ verdict }) => verdict === 'unsure'),
      wronglyDifferent: count(({ verdict, truth }) => verdict === 'different' && truth === 'equal'),
      wronglyEqual: count(isWrongEqual),
    };
  });
  const head = 'scenario | cases | refused | agree | unsure | wrong: different | wrong: equal';
  return [head, ...rows.map((row) => Object.values(row).join(' | '))].join('\n');
}
