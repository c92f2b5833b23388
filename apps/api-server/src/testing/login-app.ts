/** The application on a port of its own, with the settings of a login, for tests that log in as browsers do. */
import {
  createCertificateAuthority,
  eventually,
  freePort,
  type KubeClient,
  type KubeObject,
  type LoginWalkEnd,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  walkLogin,
  writeTlsDir,
} from '@tiphys/testing';
import { startTestApp, type TestApp } from './test-app.js';

type Data = Readonly<Record<string, string>>;

export interface LoginApp {
  readonly server: TestApp;
  readonly kube: KubeClient;
  readonly namespace: string;
  /** `http://127.0.0.1:port`, as `url` of argocd-cm. */
  readonly url: string;
  /** Replaces the data of a ConfigMap, `url` of argocd-cm always being there, and waits until the application knows it. */
  configure(name: string, data: Data): Promise<void>;
  /** Decoded argocd-secret. */
  secret(): Promise<Data>;
  patchSecret(data: Data): Promise<void>;
  /** From /auth/login to the page that the user is sent to then; `query` of /auth/login. */
  logIn(form?: Data, query?: Data): Promise<LoginWalkEnd>;
  get(
    path: string,
    headers: Data,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers: Headers }>;
  /** Another process of the same installation; the caller stops it. */
  startReplica(): Promise<TestApp>;
  stop(): Promise<void>;
}

export interface LoginAppOptions {
  readonly name: string;
  readonly settings?: (url: string) => Data;
  readonly config?: Readonly<Record<string, string>>;
}

export async function startLoginApp({ name, settings, config }: LoginAppOptions): Promise<LoginApp> {
  const tlsDir = temporaryDirectory('tls');
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  const [plane, redis, port] = await Promise.all([sharedControlPlane(), sharedRedis(), freePort()]);
  const { kubeconfigPath } = plane;
  const kube = plane.client();
  const namespace = await plane.createNamespace(name);
  const url = `http://127.0.0.1:${port}`;
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const secretPath = `/api/v1/namespaces/${namespace}/secrets/argocd-secret`;
  const object = (configMap: string, data: Data): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap, namespace } },
    data: configMap === 'argocd-cm' ? { url, ...data } : data,
  });
  await kube.create(object('argocd-cm', settings?.(url) ?? {}));
  const common = { kubeconfigPath, redis, namespace, tlsDir, ...(config && { config }) };
  const server = await startTestApp(common);
  await server.app.listen({ host: '127.0.0.1', port });
  return {
    ...{ server, kube, namespace, url },
    configure: async (configMap, data) => {
      const wanted = object(configMap, data);
      const exists = await kube.find(`${configMaps}/${configMap}`);
      if (exists === undefined) await kube.create(wanted);
      else await kube.request('PUT', `${configMaps}/${configMap}`, { body: { ...wanted, metadata: exists.metadata } });
      const known = () => server.deps.session.settings.configMap(configMap);
      await eventually(() => {
        if (JSON.stringify(sorted(known())) !== JSON.stringify(sorted(wanted['data'] as Data)))
          throw new Error('not yet');
      });
    },
    secret: async () => {
      const { data } = await kube.get<KubeObject & { data: Data }>(secretPath);
      return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      );
    },
    patchSecret: async (stringData) => {
      const secret = await kube.get(secretPath);
      await kube.request('PUT', secretPath, { body: { ...secret, stringData } });
    },
    logIn: (form = {}, query = {}) => {
      const returnUrl = query['return_url'] ?? `${url}/`;
      const until = (reached: string) => reached === returnUrl;
      return walkLogin({ start: `${url}/auth/login?${new URLSearchParams(query)}`, until, form });
    },
    get: async (path, headers) => {
      const answer = await fetch(`${url}${path}`, { headers, redirect: 'manual' });
      return { status: answer.status, body: await answer.text(), headers: answer.headers };
    },
    startReplica: () => startTestApp({ ...common, cacheKey: server.cacheKey }),
    stop: async () => {
      await server.stop();
      removeDirectory(tlsDir);
    },
  };
}

function sorted(data: Data): object {
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => a.localeCompare(b)));
}

/** The header `cookie` of a browser with these cookies. */
export function cookieHeader(cookies: ReadonlyMap<string, string>): { readonly cookie: string } {
  return { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
}
