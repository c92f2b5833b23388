/** What tests of one run share: one control plane and one Redis, started by the first test that asks for them. */
import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import type { ClusterUser, ControlPlaneInfo } from './control-plane.js';
import { createKubeClient, type KubeClient } from './kube-client.js';
import { type RedisInfo, redisCommand } from './redis.js';

/** Set by the global setup for the worker processes: where to ask for the shared parts. */
export const HARNESS_VARIABLE = 'TIPHYS_TEST_HARNESS';

/** The control plane that all tests of a run share; a kubelet stand-in looks after its Pods. */
export interface SharedControlPlane extends ControlPlaneInfo {
  /** A client as one of the known users. */
  client(user?: ClusterUser): KubeClient;
  /** Creates a namespace with a unique name that begins with the prefix, and returns the name. */
  createNamespace(prefix: string): Promise<string>;
}

/** The Redis that all tests of a run share: keep to keys of your own. */
export interface SharedRedis extends RedisInfo {
  /** A key prefix that no other test uses. */
  keyPrefix(name: string): string;
  /** Sends one command; see redisCommand. */
  command(...parts: string[]): Promise<string>;
}

/** The shared control plane, started on first use (3 s). Needs the vitest global setup of this package. */
export async function sharedControlPlane(): Promise<SharedControlPlane> {
  const info = (await ask('/control-plane')) as ControlPlaneInfo;
  const clients = new Map<ClusterUser, KubeClient>();
  const client = (user: ClusterUser = 'tiphys-test') => {
    const existing = clients.get(user);
    const wanted = existing ?? createKubeClient({ ...info, token: info.tokens[user] });
    clients.set(user, wanted);
    return wanted;
  };
  return {
    ...info,
    client,
    createNamespace: async (prefix) => {
      const name = uniqueName(prefix);
      await client().create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      return name;
    },
  };
}

/** The shared Redis, started on first use. Needs the vitest global setup of this package. */
export async function sharedRedis(): Promise<SharedRedis> {
  const info = (await ask('/redis')) as RedisInfo;
  return {
    ...info,
    keyPrefix: (name) => `${uniqueName(name)}:`,
    command: (...parts) => redisCommand(info, parts),
  };
}

/** `prefix-` and eight random characters: for names that must not clash with another test's. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

async function ask(path: string): Promise<unknown> {
  const url = process.env[HARNESS_VARIABLE];
  if (url === undefined) {
    throw new Error(
      'no shared harness: add libs/testing/src/vitest-global-setup.ts to globalSetup of the vitest project',
    );
  }
  const answer = await request(`${url}${path}`, { headersTimeout: 120_000 });
  if (answer.statusCode !== 200) {
    throw new Error(`the shared harness could not start ${path}: ${await answer.body.text()}`);
  }
  return answer.body.json();
}
