/** Laws of plans and deletions over random applications (fast-check, fixed seed). */
import { ANNOTATIONS, type KubernetesObject } from '@tiphys/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCascadeDeletion } from './plan-deletion.js';
import { planSync } from './plan-sync.js';
import {
  configMap,
  deployment,
  job,
  keyOf,
  managed,
  type ObjectOptions,
  planRequest,
  runSync,
  type Scenario,
  service,
  synced,
} from './sync-run.test-support.js';

const SEEDED = { seed: 20_261_124, numRuns: 250 };

const some = <T>(value: T, weight = 1) => ({ arbitrary: fc.constant(value), weight });
const wave = fc.constantFrom(-5, -1, 0, 0, 0, 1, 2, 9);
const syncOptions = fc.oneof(
  some(undefined, 6),
  fc.constantFrom('PruneLast=true', 'Prune=false', 'Replace=true', 'Delete=false', 'PrunePropagationPolicy=orphan'),
);

type Make = typeof configMap;
interface Spec {
  readonly make: Make;
  readonly options: ObjectOptions;
  readonly git: boolean;
  readonly live: 'none' | 'equal' | 'differs';
}

const optional = <K extends string, V>(name: K, value: V | undefined) =>
  value === undefined ? {} : ({ [name]: value } as Record<K, V>);

const resource: fc.Arbitrary<Spec> = fc
  .record({
    make: fc.constantFrom<Make>(configMap, service, deployment),
    wave,
    options: syncOptions,
    trackedBy: fc.constantFrom('app', 'app', 'other'),
    slowDelete: fc.boolean(),
    git: fc.boolean(),
    live: fc.constantFrom('none' as const, 'equal' as const, 'differs' as const),
  })
  .map(({ make, git, live, options, ...rest }) => ({
    make,
    git,
    live,
    options: { ...rest, ...optional('options', options) },
  }));

const hook: fc.Arbitrary<Spec> = fc
  .record({
    wave,
    hook: fc.constantFrom(
      'PreSync',
      'Sync',
      'PostSync',
      'SyncFail',
      'PreSync,PostSync',
      'Skip',
      'Nonsense',
      'PostDelete',
    ),
    policy: fc.constantFrom('HookSucceeded', 'HookFailed', 'BeforeHookCreation', 'HookSucceeded,HookFailed'),
    slowDelete: fc.boolean(),
    live: fc.constantFrom('none' as const, 'equal' as const),
  })
  .map(({ live, ...options }) => ({ make: job, options, git: true, live }));

interface Application {
  readonly scenario: Scenario;
  readonly objects: readonly KubernetesObject[];
}

const application: fc.Arbitrary<Application> = fc
  .record({
    specs: fc.array(fc.oneof({ arbitrary: resource, weight: 4 }, { arbitrary: hook, weight: 1 }), { maxLength: 9 }),
    prune: fc.boolean(),
    only: fc.option(fc.nat({ max: 8 }), { nil: undefined, freq: 4 }),
  })
  .map(({ specs, prune, only }) => {
    const made = specs.map((spec, index) => ({ spec, name: `o${index}` }));
    const targets = made.filter(({ spec }) => spec.git).map(({ spec, name }) => spec.make(name, ours(spec.options)));
    const live = made
      .filter(({ spec }) => spec.live !== 'none')
      .map(({ spec, name }) =>
        synced(spec.make(name, { ...spec.options, ...(spec.live === 'differs' ? { value: 'old' } : {}) })),
      );
    const selects = only === undefined ? {} : { selects: ({ name }: { readonly name: string }) => name === `o${only}` };
    return { scenario: { targets, live, request: { prune, ...selects } }, objects: live };
  });

/** What Git has carries our own tracking id. */
function ours(options: ObjectOptions): ObjectOptions {
  return { ...options, trackedBy: 'app' };
}

const isHook = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.[ANNOTATIONS.hook] !== undefined;
const isForeign = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.[ANNOTATIONS.trackingId]?.startsWith('other:') === true;
const staying = (objects: readonly KubernetesObject[]) =>
  objects
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ kind, metadata, value }) => `${kind}/${metadata.name} ${String(value)}`)
    .sort();

describe('for every application', () => {
  it('applying a plan twice equals applying it once', () => {
    fc.assert(
      fc.property(application, ({ scenario }) => {
        const once = runSync(scenario);
        const ordinary = { ...scenario, targets: (scenario.targets ?? []).filter((target) => !isHook(target)) };
        const twice = runSync({ ...ordinary, live: once.live });
        expect([once.phase, twice.phase]).toEqual(['Succeeded', 'Succeeded']);
        expect(twice.writes).toEqual([]);
        expect(staying(twice.live)).toEqual(staying(once.live));
      }),
      SEEDED,
    );
  });

  it('a plan for equal states writes nothing', () => {
    fc.assert(
      fc.property(application, ({ scenario }) => {
        const targets = (scenario.targets ?? []).filter((target) => !isHook(target));
        const resources = targets.map((target) => managed(target, synced(target)));
        const tasks = planSync({ resources, request: planRequest(scenario.request) });
        expect(tasks.filter(({ changed }) => changed)).toEqual([]);
        expect(runSync({ ...scenario, targets, live: targets.map(synced) }).writes).toEqual([]);
      }),
      SEEDED,
    );
  });

  it('no plan deletes an object whose tracking id names another application (R13)', () => {
    fc.assert(
      fc.property(application, ({ scenario, objects }) => {
        const run = runSync(scenario);
        const wanted = new Set((scenario.targets ?? []).map(keyOf));
        const foreign = objects.filter((object) => isForeign(object) && !wanted.has(keyOf(object)));
        const deleted = new Set(run.writes.filter((write) => write.startsWith('delete ')));
        expect(foreign.filter(({ kind, metadata }) => deleted.has(`delete ${kind}/${metadata.name}`))).toEqual([]);
      }),
      SEEDED,
    );
  });

  it('no plan deletes what is protected, or what was not selected', () => {
    fc.assert(
      fc.property(application, ({ scenario }) => {
        const { prune = true, selects } = scenario.request ?? {};
        const tasks = planSync({ resources: resourcesOf(scenario), request: planRequest(scenario.request) });
        const deletes = tasks.filter(({ kind, changed }) => kind === 'prune' && changed);
        const forbidden = deletes.filter(
          ({ key, options }) => !prune || options.prune === false || selects?.(key) === false,
        );
        expect(forbidden).toEqual([]);
      }),
      SEEDED,
    );
  });

  it('no later wave of a phase begins before an earlier one, and phases keep their order', () => {
    fc.assert(
      fc.property(application, ({ scenario }) => {
        const phases = ['PreSync', 'Sync', 'PostSync'];
        const steps = runSync(scenario).log.flatMap((line) => /^(\w+) (-?\d+):/.exec(line)?.slice(1) ?? []);
        const ranks = Array.from({ length: steps.length / 2 }, (_, index) => {
          return phases.indexOf(steps[2 * index] ?? '') * 1_000 + Number(steps[2 * index + 1]);
        });
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
      SEEDED,
    );
  });

  it('a deletion takes all that is its own and unprotected, and nothing of others (R13)', () => {
    fc.assert(
      fc.property(application, ({ objects }) => {
        const deleted = cascade(objects);
        const doomed = objects.filter((object) => !isForeign(object) && !isKept(object));
        expect(deleted.map(keyOf).sort()).toEqual(doomed.map(keyOf).sort());
      }),
      SEEDED,
    );
  });
});

function resourcesOf({ targets = [], live = [] }: Scenario) {
  const keys = new Set([...targets, ...live].map(keyOf));
  return [...keys].map((key) =>
    managed(
      targets.find((target) => keyOf(target) === key),
      live.find((object) => keyOf(object) === key),
    ),
  );
}

function isKept({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[ANNOTATIONS.syncOptions]?.includes('Delete=false') === true;
}

/** Everything that a deletion deletes, batch after batch, until it is complete. */
function cascade(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const deleted: KubernetesObject[] = [];
  for (let live = objects; ; ) {
    const step = planCascadeDeletion({
      ...{ instanceName: 'app', live, mode: 'foreground', syncOptions: [], deletionApprovedAt: undefined },
      ...{ deletionRequestedAt: '2026-01-01T00:00:00Z', self: { namespace: 'argocd', name: 'app' } },
    });
    if (step.kind !== 'delete') return deleted;
    deleted.push(...step.objects);
    live = live.filter((object) => !step.objects.includes(object));
  }
}
