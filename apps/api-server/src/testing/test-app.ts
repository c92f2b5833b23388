/** The application on real parts for integration tests; the caller says where the control plane and Redis are. */
import { createLogger, createMetrics, type Lifecycle, type Logger, silentLogger } from '@tiphys/runtime';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { buildApp } from '../app.js';
import { buildDeps } from '../build-deps.js';
import { configSchema } from '../config.js';
import type { ApiServerDeps } from '../deps.js';

export interface TestAppOptions {
  readonly kubeconfigPath: string;
  readonly redis: { readonly host: string; readonly port: number; readonly password: string };
  readonly namespace: string;
  readonly overrides?: (deps: ApiServerDeps) => ApiServerDeps;
  readonly log?: Logger;
  /** Where mutual TLS material and the repo-server are; default: nowhere. */
  readonly repoServer?: { readonly address: string; readonly tlsDir: string };
}

export interface TestApp {
  readonly app: FastifyInstance;
  readonly deps: ApiServerDeps;
  /** Logs in as admin with the generated password; call it once. */
  logIn(password: string): Promise<void>;
  /** A request with the admin's token. */
  call(method: InjectOptions['method'], url: string, body?: unknown): Promise<LightMyRequestResponse>;
  readonly token: string;
  stop(): Promise<void>;
}

/** For looking at a failing test. */
export const printingLog = createLogger({ name: 'test', level: 'debug', format: 'text' });

export async function startTestApp(options: TestAppOptions): Promise<TestApp> {
  const stops: (() => Promise<void> | void)[] = [];
  const controller = new AbortController();
  const lifecycle: Lifecycle = { signal: controller.signal, onStop: (_, stop) => void stops.push(stop) };
  const { host, port, password } = options.redis;
  const config = configSchema.parse({
    namespace: options.namespace,
    kubeconfig: options.kubeconfigPath,
    redisAddress: `${host}:${port}`,
    redisPassword: password,
    cacheKey: 'a-key-for-tests-of-at-least-32-bytes',
    repoServerAddress: options.repoServer?.address ?? '127.0.0.1:1',
    tlsDir: options.repoServer?.tlsDir ?? '',
  });
  const metrics = createMetrics({ processMetrics: false });
  const built = await buildDeps({ config, lifecycle, metrics, log: options.log ?? silentLogger });
  const deps = options.overrides?.(built) ?? built;
  const app = await buildApp(deps);
  let token = '';
  return {
    app,
    deps,
    logIn: async (adminPassword) => {
      const payload = { username: 'admin', password: adminPassword };
      const answer = await app.inject({ method: 'POST', url: '/api/v1/session', payload });
      if (answer.statusCode !== 200) throw new Error(`login failed: ${answer.body}`);
      token = answer.json<{ token: string }>().token;
    },
    call: (method = 'GET', url, body) =>
      app.inject({
        ...{ method, url },
        headers: {
          authorization: `Bearer ${token}`,
          ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      }),
    get token() {
      return token;
    },
    stop: async () => {
      await app.close();
      controller.abort(new Error('the test is over'));
      for (const stop of stops.reverse()) await stop();
    },
  };
}
