/** No secret got out (S21-S23, S5): all answers so far, logs, metrics, events, custom resources, Redis and environments. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { redisContents } from './redis-contents.js';
import type { World } from './world.js';

interface Searched {
  readonly where: string;
  readonly text: string;
}

/** Call it last. */
export function describeCanarySearch(world: () => World): void {
  const expectNoLeak = (searched: readonly Searched[]) => {
    const found = searched.flatMap(({ where, text }) =>
      world()
        .canaries.leaksIn(text)
        .map((leak) => `${where}: ${leak.secret}, ${leak.form}: ${leak.found}`),
    );
    expect(found, found.join('\n')).toEqual([]);
  };

  describe('no secret got out (S21)', () => {
    it('answers of any request', () => {
      expectNoLeak(
        world().client.recorded.map(({ who, what, status, text }) => ({ where: `${what} ${status} as ${who}`, text })),
      );
    });

    it('logs at debug level, and the audit log (S23)', () => {
      const logs = Object.entries(world().logs()).map(([where, text]) => ({ where, text }));
      expect(logs.map(({ text }) => text.length).every((length) => length > 1_000)).toBe(true);
      const audit = { where: 'audit log', text: world().server.auditLines().join('\n') };
      expect(audit.text).toContain('shop');
      expectNoLeak([...logs, audit]);
    });

    it('metrics', async () => {
      const { installation, server } = world();
      const services = ['repo-server', 'application-controller'] as const;
      const texts = services.map(async (name) => {
        const answer = await fetch(`${installation.service(name).opsUrl}/metrics`);
        return { where: `metrics of ${name}`, text: await answer.text() };
      });
      const own = { where: 'metrics of api-server', text: await server.metrics.render() };
      expect(own.text).toContain('tiphys_http_request_duration_seconds');
      expectNoLeak([own, ...(await Promise.all(texts))]);
    });

    it('Kubernetes Events and custom resources', async () => {
      const { kube, namespace, target } = world();
      const crs = ['applications', 'applicationsets', 'appprojects'];
      const paths = [
        ...[namespace, target].map((name) => `/api/v1/namespaces/${name}/events`),
        ...crs.map((plural) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/${plural}`),
      ];
      const searched = await Promise.all(
        paths.map(async (path) => ({ where: path, text: JSON.stringify(await kube.get(path)) })),
      );
      expect(searched[0]?.text).toContain('OperationStarted');
      expectNoLeak(searched);
    });

    it('Redis', async () => {
      const entries = await redisContents(world().redis);
      expect(entries.filter(({ key }) => /:mfst:/.test(key)).length).toBeGreaterThan(0);
      expect(entries.some(({ text }) => text.includes(world().namespace))).toBe(true);
      expectNoLeak(entries.map(({ key, text }) => ({ where: key, text: `${key}\n${text}` })));
    });

    it('the environment of what the repo-server runs (S5)', () => {
      const environments = descendants(world().installation.service('repo-server').pid).map((pid) => ({
        where: `process ${pid}`,
        text: environmentOf(pid),
      }));
      expect(environments.length).toBeGreaterThan(0);
      expectNoLeak(environments);
      const named = environments.flatMap(
        ({ text }) => text.match(/^\w*(?:REDIS|CACHE_KEY|KUBECONFIG|AWS_)\w*=(?!\/dev\/null$).+/gm) ?? [],
      );
      expect(named, named.join('\n')).toEqual([]);
    });
  });
}

/** Linux only; there is nothing to read elsewhere. */
function descendants(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))] as const),
  );
  const below = (id: number): readonly number[] =>
    [...parents].flatMap(([child, parent]) => (parent === id ? [child, ...below(child)] : []));
  return below(pid);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
}

function environmentOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/environ`).replaceAll('\0', '\n');
}

/** A process may have ended meanwhile. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
