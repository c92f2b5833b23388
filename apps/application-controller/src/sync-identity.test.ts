import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap } from './testing/builders.js';
import { PERMISSIVE, world } from './testing/world.js';

const SYNC = { sync: {} };
const impersonation = { enabled: true, enforced: true };

function projectWith(defaultServiceAccount: string): AppProject {
  const destinationServiceAccounts = [{ server: '*', namespace: '*', defaultServiceAccount }];
  return { ...PERMISSIVE, spec: { ...PERMISSIVE.spec, destinationServiceAccounts } };
}

describe('impersonation (D46)', () => {
  it('writes as the service account of the project', async () => {
    const { operate, cluster } = world(application({ operation: SYNC }), {
      ...{ git: [configMap('a')], project: projectWith('deployer'), settings: { impersonation } },
    });
    expect(await operate()).toEqual({ kind: 'done' });
    expect([...cluster.writers]).toEqual(['system:serviceaccount:web:deployer']);
  });

  it('writes nothing without one, and says so', async () => {
    const { operate, cluster, app } = world(application({ operation: SYNC }), {
      ...{ git: [configMap('a')], settings: { impersonation } },
    });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls).toEqual([]);
    expect(app()?.status?.operationState).toMatchObject({
      phase: 'Error',
      message: expect.stringContaining('failed to find a matching service account to impersonate'),
    });
  });

  it('is off by default', async () => {
    const { operate, cluster } = world(application({ operation: SYNC }), {
      ...{ git: [configMap('a')], project: projectWith('deployer') },
    });
    await operate();
    expect([...cluster.writers]).toEqual(['controller']);
  });
});
