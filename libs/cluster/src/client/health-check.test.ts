import { GitOpsError } from '@tiphys/model';
import { expect, it } from 'vitest';
import type { KubeClient } from '../ports.js';
import { createHealthCheck } from './health-check.js';

it('asks the API server once, however many want to know, and says why it does not answer (M10)', async () => {
  const asked: unknown[] = [];
  const failure = new GitOpsError('Upstream', 'no answer from https://bob:pass@kube');
  const client: Pick<KubeClient, 'get'> = {
    get: async (resource, key) => {
      asked.push([resource.kind, key]);
      throw failure;
    },
  };
  const check = createHealthCheck(client, 'argocd');
  const results = await Promise.all([check(), check()]);
  results.push(await check());
  expect(asked).toEqual([['ConfigMap', { namespace: 'argocd', name: 'argocd-cm' }]]);
  const failed = { name: 'kubernetes', ok: false, message: 'no answer from https://***@kube' };
  expect(results).toEqual([failed, failed, failed]);
});
