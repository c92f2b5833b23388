/** The application on real parts for integration tests; the caller says where the control plane and Redis are. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, type Lifecycle, type Logger, type Metrics, silentLogger } from '@tiphys/runtime';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { buildApp } from '../app.js';
import { buildDeps } from '../build-deps.js';
import { configSchema } from '../config.js';
import type { ApiServerDeps } from '../deps.js';

export interface TestAppOptions {
  readonly kubeconfigPath: string;
  readonly redis: { readonly host: string; readonly port: number; readonly password: string };
  readonly namespace: string;
  /** Folder with certificates for the repo-server, which need not run. */
  readonly tlsDir: string;
  /** Default: nobody is there. */
  readonly repoServerAddress?: string;
  /** Default: one of its own. */
  readonly cacheKey?: string;
  /** Further settings of the process. */
  readonly config?: Readonly<Record<string, string>>;
  readonly overrides?: (deps: ApiServerDeps) => ApiServerDeps;
  readonly log?: Logger;
  readonly metrics?: Metrics;
}

export interface TestApp {
  readonly app: FastifyInstance;
  readonly deps: ApiServerDeps;
  readonly metrics: Metrics;
  /** Logs in as admin; the requests of `call` carry the token from then on. */
  logIn(password: string): Promise<void>;
  call(method: InjectOptions['method'], url: string, body?: unknown): Promise<LightMyRequestResponse>;
  readonly token: string;
  readonly cacheKey: string;
  /** Lines of the audit log so far. */
  auditLines(): readonly string[];
  stop(): Promise<void>;
}

export async function startTestApp(options: TestAppOptions): Promise<TestApp> {
  const stops: (() => Promise<void> | void)[] = [];
  const controller = new AbortController();
  const lifecycle: Lifecycle = { signal: controller.signal, onStop: (_, stop) => void stops.push(stop) };
  const { host, port, password } = options.redis;
  const { cacheKey = randomBytes(32).toString('hex'), repoServerAddress = '127.0.0.1:1' } = options;
  const auditLog = join(tmpdir(), `tiphys-audit-${randomBytes(8).toString('hex')}.log`);
  const config = configSchema.parse({
    auditLog,
    ...{ namespace: options.namespace, kubeconfig: options.kubeconfigPath, tlsDir: options.tlsDir, cacheKey },
    ...{ redisAddress: `${host}:${port}`, redisPassword: password, repoServerAddress },
    ...options.config,
  });
  const metrics = options.metrics ?? createMetrics({ processMetrics: false });
  const built = await buildDeps({ config, lifecycle, metrics, log: options.log ?? silentLogger });
  const deps = options.overrides?.(built) ?? built;
  const app = await buildApp(deps);
  let token = '';
  return {
    ...{ app, deps, metrics, cacheKey },
    auditLines: () => (existsSync(auditLog) ? readFileSync(auditLog, 'utf8').split('\n').slice(0, -1) : []),
    logIn: async (adminPassword) => {
      const payload = { username: 'admin', password: adminPassword };
      const answer = await app.inject({ method: 'POST', url: '/api/v1/session', payload });
      if (answer.statusCode !== 200) throw new Error(`login failed: ${answer.body}`);
      token = answer.json<{ token: string }>().token;
    },
    call: (method = 'GET', url, body) => {
      const type = method === 'GET' ? {} : { 'content-type': 'application/json' };
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
      return app.inject({ method, url, headers: { authorization: `Bearer ${token}`, ...type }, ...payload });
    },
    get token() {
      return token;
    },
    stop: async () => {
      await app.close();
      controller.abort(new Error('the test is over'));
      for (const stop of stops.reverse()) await stop();
      rmSync(auditLog, { force: true });
    },
  };
}
