/**
 * R6: the controller is killed at thirty points of a sync of 200 objects with hooks and waves, before the write arrives and
 * after it did without its answer being read. Whoever comes next knows only what the two API servers have.
 */
import type { Application, KubernetesObject, ResourceKeyString } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { ApplicationStore, ResourceWriter } from '../ports.js';
import { application, configMap, SHA_A } from '../testing/builders.js';
import { KEY, world } from '../testing/world.js';
import { createOperationReconciler } from './reconcile.js';

const { signal } = new AbortController();
const POINTS = 30;
const WAVES = 14;
const MAX_TURNS = 200;

const hook = (name: string, type: string, wave = 0): KubernetesObject => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job' },
  metadata: {
    ...{ name, namespace: 'web' },
    annotations: { 'argocd.argoproj.io/hook': type, 'argocd.argoproj.io/sync-wave': String(wave) },
  },
  spec: {},
});
const HOOKS = [hook('before', 'PreSync'), hook('between', 'Sync', 5), hook('after', 'PostSync')];
const SETTINGS = Array.from({ length: 200 - HOOKS.length }, (_, index) =>
  configMap(`c${index}`, { annotations: { 'argocd.argoproj.io/sync-wave': String(index % WAVES) } }),
);
const GIT = [...HOOKS, ...SETTINGS];

class Killed extends Error {}

type When = 'before the write arrives' | 'after it arrived';

/** A process that dies at its n-th write: from then on nothing of it reaches anybody. */
function process(dies: number, when: When) {
  let count = 0;
  let dead = false;
  const guarded = async <T>(write: () => Promise<T>): Promise<T> => {
    if (dead) throw new Killed();
    count += 1;
    if (count !== dies) return write();
    dead = true;
    if (when === 'after it arrived') await write();
    throw new Killed();
  };
  return { guarded, writes: () => count, isDead: () => dead };
}

type Process = ReturnType<typeof process>;

function setUp() {
  const start = application({ operation: { sync: { revision: SHA_A }, retry: { limit: 5 } } });
  const { deps, applications, cluster } = world(start, { git: GIT });
  const runs = new Map<string, number>();

  function writer({ guarded }: Process): ResourceWriter {
    const { apply, prune, removeFinalizer } = deps.writer;
    return {
      apply: (target, object, options) => {
        if (options.dryRun) return apply(target, object, options);
        return guarded(() => {
          const id = `batch/Job/web/${object.metadata.name}` as ResourceKeyString;
          const isNew = object.kind === 'Job' && !cluster.objects.has(id);
          if (isNew) runs.set(object.metadata.name ?? '', (runs.get(object.metadata.name ?? '') ?? 0) + 1);
          return apply(target, object, options);
        });
      },
      prune: (...given) => guarded(() => prune(...given)),
      removeFinalizer: (...given) => guarded(() => removeFinalizer(...given)),
    };
  }
  const store = ({ guarded }: Process): ApplicationStore => ({
    ...applications,
    patch: (...given) => guarded(() => applications.patch(...given)),
  });

  /** Turns of one process until the operation has ended or the process is dead; Jobs end between turns. */
  async function live(one: Process): Promise<Application | undefined> {
    const own = { ...deps, writer: writer(one), applications: store(one), predictions: new Map(), versions: new Map() };
    const operate = createOperationReconciler(own);
    for (let turn = 0; turn < MAX_TURNS && applications.get(KEY)?.operation !== undefined && !one.isDead(); turn++) {
      await operate(KEY, signal).catch((error: unknown) => {
        if (!one.isDead()) throw error;
      });
      for (const { name } of HOOKS.map(({ metadata }) => metadata)) {
        cluster.setStatus(`batch/Job/web/${name}`, {
          conditions: [{ type: 'Complete', status: 'True' }],
          succeeded: 1,
        });
      }
    }
    return applications.get(KEY);
  }

  const result = () => {
    const app = applications.get(KEY);
    const { phase, retryCount, syncResult } = app?.status?.operationState ?? {};
    const hooks = syncResult?.resources?.filter(({ hookType }) => HOOK_TYPES.includes(hookType ?? ''));
    return {
      ...{ phase, retryCount, operation: app?.operation },
      deployments: app?.status?.history?.map(({ revision }) => revision),
      hooks: hooks?.map(({ name, hookPhase }) => `${name} ${hookPhase}`).sort(),
      live: [...cluster.objects.keys()].sort(),
      runs: Object.fromEntries([...runs].sort()),
    };
  };
  return { live, result };
}

const HOOK_TYPES = ['PreSync', 'Sync', 'PostSync'];

async function undisturbed() {
  const { live, result } = setUp();
  const one = process(Number.POSITIVE_INFINITY, 'after it arrived');
  await live(one);
  return { writes: one.writes(), result: result() };
}

describe('a sync of 200 objects with hooks and waves (R6)', () => {
  it('that nobody disturbs runs each hook once and applies everything', async () => {
    const { writes, result } = await undisturbed();
    expect(writes).toBeGreaterThan(GIT.length);
    expect(result).toMatchObject({
      phase: 'Succeeded',
      deployments: [SHA_A],
      runs: { after: 1, before: 1, between: 1 },
    });
    expect(result.live).toHaveLength(GIT.length);
  });

  it.each<When>(['before the write arrives', 'after it arrived'])(
    'ends the same when the process is killed %s, at thirty points; no hook runs twice',
    async (when) => {
      const expected = await undisturbed();
      for (let point = 1; point <= POINTS; point++) {
        const at = Math.max(1, Math.round((point * expected.writes) / POINTS));
        const { live, result } = setUp();
        const first = process(at, when);
        await live(first);
        expect(first.isDead()).toBe(true);
        await live(process(Number.POSITIVE_INFINITY, when));
        expect({ at, ...result() }).toEqual({ at, ...expected.result });
      }
    },
  );

  it('ends the same when every process dies after ten writes', async () => {
    const expected = await undisturbed();
    const { live, result } = setUp();
    for (let processes = 0; processes < 100 && result().operation !== undefined; processes++) {
      await live(process(10, 'after it arrived'));
    }
    expect(result()).toEqual(expected.result);
  });
});
