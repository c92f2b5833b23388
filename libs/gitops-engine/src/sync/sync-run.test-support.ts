/** Runs plans to their end against a cluster in memory, so that tests read as specifications. Only for tests. */
import {
  ANNOTATIONS,
  FINALIZERS,
  type KubernetesObject,
  type OperationState,
  type ResourceKeyString,
  resourceKeyOf,
  resourceKeyString,
} from '@tiphys/model';
import type { ManagedResource } from '../compare/types.js';
import { applyGroups } from './apply-groups.js';
import { hookTypesOf, syncWaveOf } from './hooks.js';
import { advanceSync } from './next-sync-step.js';
import { planSync } from './plan-sync.js';
import { progressFrom, recordStep, withProgress } from './record-results.js';
import type { SyncPlanRequest, SyncStep, SyncTask, TaskOutcome } from './types.js';

export type Health = 'healthy' | 'degraded' | 'progressing';

export interface ObjectOptions {
  readonly wave?: number;
  readonly hook?: string;
  readonly policy?: string;
  readonly options?: string;
  /** What becomes of it once written: Deployments and Jobs only. */
  readonly becomes?: Health;
  readonly refused?: 'write' | 'dryRun' | 'always';
  readonly slowDelete?: boolean;
  readonly trackedBy?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly value?: string;
}

type Shape = { readonly apiVersion: string; readonly kind: string; readonly namespace?: string };

function make(shape: Shape, name: string, options: ObjectOptions): KubernetesObject {
  const { apiVersion, kind, namespace = 'ns' } = shape;
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const annotations = {
    'test/becomes': options.becomes ?? 'healthy',
    ...options.annotations,
    ...annotated(ANNOTATIONS.syncWave, options.wave),
    ...annotated(ANNOTATIONS.hook, options.hook),
    ...annotated(ANNOTATIONS.hookDeletePolicy, options.policy),
    ...annotated(ANNOTATIONS.syncOptions, options.options),
    ...annotated('test/refused', options.refused),
    ...annotated('test/slow-delete', options.slowDelete),
    [ANNOTATIONS.trackingId]: `${options.trackedBy ?? 'app'}:${group}/${kind}:${namespace}/${name}`,
  };
  const metadata = { name, ...(namespace === '' ? {} : { namespace }), annotations };
  return { apiVersion, kind, metadata, value: options.value ?? 'v1' };
}

function annotated(name: string, value: unknown): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: String(value) };
}

type Maker = (name: string, options?: ObjectOptions) => KubernetesObject;
const maker =
  (shape: Shape): Maker =>
  (name, options = {}) =>
    make(shape, name, options);

export const configMap = maker({ apiVersion: 'v1', kind: 'ConfigMap' });
export const service = maker({ apiVersion: 'v1', kind: 'Service' });
export const deployment = maker({ apiVersion: 'apps/v1', kind: 'Deployment' });
export const job = maker({ apiVersion: 'batch/v1', kind: 'Job' });
export const widget = maker({ apiVersion: 'example.com/v1', kind: 'Widget' });
export const namespaceObject = maker({ apiVersion: 'v1', kind: 'Namespace', namespace: '' });
export const widgetDefinition: Maker = (name, options = {}) => ({
  ...make({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespace: '' }, name, options),
  spec: { group: 'example.com', names: { kind: 'Widget' } },
});

export interface Scenario {
  readonly targets?: readonly KubernetesObject[];
  readonly live?: readonly KubernetesObject[];
  readonly request?: Partial<SyncPlanRequest>;
  /** Terminate before this turn. */
  readonly terminateAtTurn?: number;
  /** The worker dies after executing this step and before recording it. */
  readonly crashAtStep?: number;
  readonly maxTurns?: number;
}

export interface Run {
  /** One line per step that did something. */
  readonly log: readonly string[];
  readonly phase: string;
  readonly message: string;
  readonly state: OperationState;
  readonly live: readonly KubernetesObject[];
  readonly writes: readonly string[];
}

const STARTED = '2026-01-01T00:00:00Z';

export class SyncRun {
  readonly log: string[] = [];
  readonly writes: string[] = [];
  readonly cluster = new Map<ResourceKeyString, KubernetesObject>();
  state: OperationState = { operation: { sync: {} }, phase: 'Running', startedAt: STARTED };
  private steps = 0;
  private readonly scenario: Scenario;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    for (const object of scenario.live ?? []) this.cluster.set(keyOf(object), { ...object });
    this.tick();
  }

  run(): Run {
    for (let turn = 0; turn < (this.scenario.maxTurns ?? 30); turn++) {
      if (turn === this.scenario.terminateAtTurn) this.state = { ...this.state, phase: 'Terminating' };
      const end = this.turn();
      if (end !== undefined) return this.result(end.phase, end.message);
      this.tick();
    }
    return this.result('Running', this.state.message ?? '');
  }

  private result(phase: string, message: string): Run {
    return { log: this.log, phase, message, state: this.state, live: [...this.cluster.values()], writes: this.writes };
  }

  private turn(): Extract<SyncStep, { kind: 'complete' }> | undefined {
    const tasks = this.plan();
    let progress = progressFrom(this.state, new Map(this.cluster));
    for (;;) {
      const turn = advanceSync(tasks, progress);
      progress = turn.progress;
      const { step } = turn;
      this.state = { ...withProgress(this.state, progress), phase: this.state.phase };
      if (step.kind === 'complete') return step;
      if (step.kind === 'wait') {
        this.state = { ...this.state, message: step.reason };
        return undefined;
      }
      const outcomes = this.execute(step);
      this.steps += 1;
      if (this.steps === this.scenario.crashAtStep) return undefined;
      progress = recordStep(progress, step, outcomes);
      this.state = withProgress(this.state, progress);
    }
  }

  plan(): readonly SyncTask[] {
    const targets = this.scenario.targets ?? [];
    const keys = new Set([...targets.map(keyOf), ...this.cluster.keys()]);
    const resources = [...keys].map((key): ManagedResource => {
      return managed(
        targets.find((target) => keyOf(target) === key),
        this.cluster.get(key),
      );
    });
    const request = planRequest(this.scenario.request);
    return planSync({ resources, request: { ...request, namespaceLive: this.cluster.get('/Namespace//ns') } });
  }

  private execute(step: Exclude<SyncStep, { kind: 'wait' | 'complete' }>): readonly TaskOutcome[] {
    const label = step.kind === 'apply' ? `${step.phase} ${step.wave}` : step.kind;
    this.log.push(`${label}: ${step.tasks.map(nameOf).join(', ')}`);
    const groups = step.kind === 'apply' ? applyGroups(step.tasks) : [step.tasks];
    return groups.flat().map((task) => this.executeTask(step, task));
  }

  private executeTask(step: SyncStep, task: SyncTask): TaskOutcome {
    const refused = task.object.metadata.annotations?.['test/refused'];
    if (refused === 'always' || refused === (step.kind === 'dryRun' ? 'dryRun' : 'write')) {
      return { task, code: 'SyncFailed', message: `${task.key.name} is refused` };
    }
    if (step.kind === 'dryRun') return { task, code: 'Synced', message: 'dry run' };
    if (step.kind === 'releaseHooks' || step.kind === 'deleteHooks') this.release(keyOf(task.object));
    if (step.kind === 'deleteHooks' || task.kind === 'prune') this.delete(keyOf(task.object));
    else if (step.kind === 'apply') return { task, code: 'Synced', message: 'applied', live: this.apply(task.object) };
    return { task, code: step.kind === 'releaseHooks' ? 'Synced' : 'Pruned', message: 'pruned' };
  }

  private apply(object: KubernetesObject): KubernetesObject {
    const key = keyOf(object);
    const before = this.cluster.get(key);
    this.writes.push(`apply ${object.kind}/${object.metadata.name}`);
    const generation = (before?.metadata.generation ?? 0) + 1;
    const live = { ...object, status: before?.status, metadata: { ...object.metadata, generation } };
    this.cluster.set(key, live);
    return live;
  }

  private delete(key: ResourceKeyString): void {
    const live = this.cluster.get(key);
    if (live === undefined) return;
    this.writes.push(`delete ${live.kind}/${live.metadata.name}`);
    if (live.metadata.annotations?.['test/slow-delete'] !== 'true') this.cluster.delete(key);
    else this.cluster.set(key, { ...live, metadata: { ...live.metadata, deletionTimestamp: STARTED } });
  }

  private release(key: ResourceKeyString): void {
    const live = this.cluster.get(key);
    if (live === undefined) return;
    const finalizers = (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZERS.hook);
    this.cluster.set(key, { ...live, metadata: { ...live.metadata, finalizers } });
  }

  /** The world goes on: controllers write status, deletions finish. */
  private tick(): void {
    for (const [key, live] of this.cluster) {
      if (live.metadata.deletionTimestamp !== undefined && !live.metadata.finalizers?.length) this.cluster.delete(key);
      else this.cluster.set(key, { ...live, status: statusOf(live) });
    }
  }
}

export function planRequest(request: Partial<SyncPlanRequest> = {}): SyncPlanRequest {
  return {
    instanceName: 'app',
    revision: '0123456789abcdef',
    attempt: 0,
    prune: true,
    dryRun: false,
    applyOnly: false,
    force: false,
    syncOptions: [],
    selects: undefined,
    destinationNamespace: 'ns',
    namespace: undefined,
    namespaceLive: undefined,
    deletionApprovedAt: undefined,
    operationStartedAt: STARTED,
    ...request,
  };
}

export function runSync(scenario: Scenario): Run {
  return new SyncRun(scenario).run();
}

/** Live form of an object: as it is after a sync. */
export function synced(object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, generation: 1 } };
}

export function keyOf(object: KubernetesObject): ResourceKeyString {
  return resourceKeyString(resourceKeyOf(object));
}

export function nameOf(task: SyncTask): string {
  return `${task.kind === 'prune' ? 'prune ' : ''}${task.key.kind}/${task.key.name}`;
}

export function managed(target: KubernetesObject | undefined, live: KubernetesObject | undefined): ManagedResource {
  const object = target ?? live;
  if (object === undefined) throw new Error('neither target nor live');
  const hooks = hookTypesOf(object);
  const same = target?.value === live?.value && target !== undefined && live !== undefined;
  const diff = { differences: [], unsureBecause: [], drift: [], normalizedLive: live, predictedLive: target };
  return {
    key: resourceKeyOf(object),
    version: 'v1',
    target,
    live,
    origin: undefined,
    status: same || hooks.length > 0 ? 'Synced' : 'OutOfSync',
    health: undefined,
    diff: { ...diff, verdict: same ? 'equal' : 'different' },
    hooks,
    syncWave: syncWaveOf(object),
    requiresPruning: target === undefined && hooks.length === 0,
    requiresDeletionConfirmation: false,
    unreadable: false,
  };
}

function statusOf(live: KubernetesObject): unknown {
  const becomes = live.metadata.annotations?.['test/becomes'];
  const condition = (type: string, reason = '') => ({ type, status: 'True', reason, message: `${type} it is` });
  const observedGeneration = live.metadata.generation;
  switch (live.kind) {
    case 'Deployment':
      if (becomes === 'progressing') return { observedGeneration: 0 };
      return becomes === 'degraded'
        ? { observedGeneration, conditions: [condition('Progressing', 'ProgressDeadlineExceeded')] }
        : { observedGeneration };
    case 'Job':
      if (becomes === 'progressing') return {};
      return { conditions: [condition(becomes === 'degraded' ? 'Failed' : 'Complete')] };
    case 'CustomResourceDefinition':
      return { conditions: [condition('Established')] };
    default:
      return undefined;
  }
}
