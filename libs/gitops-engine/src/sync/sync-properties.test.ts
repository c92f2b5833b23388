/** What holds for every plan, whatever the objects: checked on many random scenarios from a fixed seed. */
import { ANNOTATIONS, type KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
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

/** Mulberry32: small and reproducible. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function scenarioFrom(seed: number): Scenario {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const objects = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => {
    const isHook = random() < 0.25;
    const options: ObjectOptions = {
      wave: pick([-1, 0, 0, 0, 1, 2]),
      ...(isHook ? { hook: pick(['PreSync', 'Sync', 'PostSync', 'PreSync,PostSync']) } : {}),
      ...(isHook ? { policy: pick(['HookSucceeded', 'HookFailed', 'BeforeHookCreation']) } : {}),
      ...(random() < 0.2 ? { options: pick(['PruneLast=true', 'Prune=false', 'Replace=true']) } : {}),
      slowDelete: random() < 0.3,
      trackedBy: pick(['app', 'app', 'app', 'other']),
    };
    const make = isHook ? job : pick([configMap, service, deployment]);
    return make(`o${index}`, options);
  });
  const inGit = objects.filter(() => random() < 0.7);
  const inCluster = objects
    .filter(() => random() < 0.6)
    .map((object) => {
      return synced(random() < 0.5 ? object : { ...object, value: 'old' });
    });
  return { targets: inGit.map(ownedByApp), live: inCluster };
}

/** Targets always carry our own tracking id. */
function ownedByApp(object: KubernetesObject): KubernetesObject {
  const annotations = { ...object.metadata.annotations };
  const id = annotations[ANNOTATIONS.trackingId]?.replace(/^other:/, 'app:') ?? '';
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [ANNOTATIONS.trackingId]: id } } };
}

const isOrdinary = (object: KubernetesObject) => object.metadata.annotations?.[ANNOTATIONS.hook] === undefined;
const seeds = Array.from({ length: 300 }, (_, index) => index + 1);

describe('every sync', () => {
  it('of healthy objects succeeds', () => {
    const ends = seeds.map((seed) => runSync(scenarioFrom(seed)));
    expect(ends.filter(({ phase }) => phase !== 'Succeeded').map(({ log, message }) => ({ log, message }))).toEqual([]);
  });

  it('leaves nothing to write for the next one: twice equals once', () => {
    for (const seed of seeds) {
      const scenario = scenarioFrom(seed);
      const first = runSync(scenario);
      const ordinary = (scenario.targets ?? []).filter(isOrdinary);
      const second = runSync({ ...scenario, targets: ordinary, live: first.live.filter(isOrdinary) });
      expect(second.writes, `seed ${seed}`).toEqual([]);
    }
  });

  it('of equal states writes nothing', () => {
    for (const seed of seeds) {
      const targets = (scenarioFrom(seed).targets ?? []).filter(isOrdinary);
      expect(runSync({ targets, live: targets.map(synced) }).writes, `seed ${seed}`).toEqual([]);
    }
  });

  it('never deletes an object whose tracking id names another application (R13)', () => {
    for (const seed of seeds) {
      const scenario = scenarioFrom(seed);
      const run = runSync(scenario);
      const kept = new Set(run.live.map(keyOf));
      const wanted = new Set((scenario.targets ?? []).map(keyOf));
      const foreign = (scenario.live ?? []).filter(isOrdinary).filter((object) => {
        const isForeign = object.metadata.annotations?.[ANNOTATIONS.trackingId]?.startsWith('other:') === true;
        return isForeign && !wanted.has(keyOf(object));
      });
      expect(
        foreign.map(keyOf).filter((key) => !kept.has(key)),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  it('never prunes an unreadable resource (R15, R16)', () => {
    const live = configMap('old');
    const resource = { ...managed(undefined, live), unreadable: true };
    const tasks = planSync({ resources: [resource], request: planRequest() });
    expect(tasks.map(({ changed, unchangedResult }) => ({ changed, code: unchangedResult?.code }))).toEqual([
      { changed: false, code: 'PruneSkipped' },
    ]);
  });

  it('ends the same when its worker dies after any step, and runs each hook once (R6)', () => {
    for (const seed of seeds.slice(0, 120)) {
      const scenario = scenarioFrom(seed);
      const whole = runSync(scenario);
      for (let step = 1; step <= whole.log.length; step++) {
        const resumed = runSync({ ...scenario, crashAtStep: step });
        const label = `seed ${seed}, dies after step ${step} of ${JSON.stringify(whole.log)}: ${resumed.message}`;
        expect(resumed.phase, label).toBe('Succeeded');
        expect(hookRuns(resumed.writes), label).toEqual(hookRuns(whole.writes));
        expect(names(resumed.live), label).toEqual(names(whole.live));
      }
    }
  });

  it('of 200 objects in waves with hooks goes on after a kill at each of its steps (R6)', () => {
    const makers = [configMap, service, deployment];
    const objects = Array.from({ length: 190 }, (_, index) => {
      const make = makers[index % makers.length] as typeof configMap;
      return make(`o${index}`, { wave: index % 5 });
    });
    const hooks = Array.from({ length: 10 }, (_, index) => {
      const policy = index % 3 === 0 ? 'HookSucceeded' : 'BeforeHookCreation';
      return job(`h${index}`, { hook: index % 2 === 0 ? 'PreSync' : 'PostSync', wave: index % 3, policy });
    });
    const live = Array.from({ length: 20 }, (_, index) =>
      configMap(`old${index}`, { wave: index % 4, slowDelete: true }),
    );
    const scenario: Scenario = { targets: [...objects, ...hooks], live };
    const whole = runSync(scenario);
    expect(whole.phase).toBe('Succeeded');
    expect(hookRuns(whole.writes)).toHaveLength(10);
    for (let step = 1; step <= whole.log.length; step++) {
      const resumed = runSync({ ...scenario, crashAtStep: step });
      expect(resumed.phase, `killed after step ${step}`).toBe('Succeeded');
      expect(hookRuns(resumed.writes), `killed after step ${step}`).toEqual(hookRuns(whole.writes));
      expect(names(resumed.live), `killed after step ${step}`).toEqual(names(whole.live));
    }
  });

  it('does not change its inputs', () => {
    for (const seed of seeds.slice(0, 50)) {
      const scenario = scenarioFrom(seed);
      const before = structuredClone(scenario);
      runSync(scenario);
      expect(scenario).toEqual(before);
    }
  });
});

function hookRuns(writes: readonly string[]): readonly string[] {
  return writes.filter((write) => write.startsWith('apply Job/')).sort();
}

/** What is there to stay: an object on its way out is as good as gone. */
function names(objects: readonly KubernetesObject[]): readonly string[] {
  const staying = objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.map(keyOf).sort();
}
