import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { auditWrites } from './audit.js';
import { type ControlPlane, startControlPlane } from './control-plane.js';
import { HARNESS_VARIABLE, sharedControlPlane } from './shared.js';
import { startSharedHost } from './shared-host.js';

let existing: ControlPlane;
beforeAll(async () => {
  existing = await startControlPlane({ controllerManager: false, customResources: false });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await existing.stop();
});

describe('startSharedHost', () => {
  it('uses the cluster of $KUBECONFIG when told to', async () => {
    vi.stubEnv('TIPHYS_USE_KUBECONFIG', '1');
    vi.stubEnv('KUBECONFIG', existing.kubeconfigPath);
    const host = await startSharedHost();
    vi.stubEnv(HARNESS_VARIABLE, host.url);
    const cluster = await sharedControlPlane();
    expect(cluster.server).toBe(existing.server);
    const namespace = await cluster.createNamespace('existing');
    expect(await existing.client().find(`/api/v1/namespaces/${namespace}`)).toBeDefined();
    await expect(auditWrites(cluster)).rejects.toThrow('it has no audit log');
    await host.stop();
    await expect(existing.client().get('/readyz')).resolves.toBe('ok');
  });

  it('reports what could not be started', async () => {
    vi.stubEnv('TIPHYS_USE_KUBECONFIG', '1');
    vi.stubEnv('KUBECONFIG', '');
    const host = await startSharedHost();
    vi.stubEnv(HARNESS_VARIABLE, host.url);
    await expect(sharedControlPlane()).rejects.toThrow('TIPHYS_USE_KUBECONFIG=1 needs KUBECONFIG');
    await host.stop();
  });
});
