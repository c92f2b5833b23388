/** The webhook's metrics under the names and labels that dashboards of Argo CD ask for (M06). */
import { createMetrics } from '@tiphys/runtime';
import { expect, it } from 'vitest';
import { createApiMetrics } from './metrics.js';

it('M06 names and labels are Argo CD\u2019s', async () => {
  const registry = createMetrics({ processMetrics: false });
  const metrics = createApiMetrics(registry);
  metrics.webhookEvent('https://git.example.com/shop/deploy');
  metrics.webhookHandlers(1);
  metrics.webhookCarryOver('https://git.example.com/shop/deploy', { successful: true, count: 3 });
  metrics.webhookCarryOver('https://git.example.com/shop/deploy', { successful: false, count: 0 });
  metrics.webhookDelivery({ provider: 'github', event: 'push', outcome: 'accepted' });
  const lines = (await registry.render()).split('\n').filter((line) => /^(argocd|tiphys)_webhook/.test(line));
  expect(lines).toEqual([
    'tiphys_webhook_deliveries_total{provider="github",event="push",outcome="accepted"} 1',
    'argocd_webhook_requests_total{repo="https://git.example.com/shop/deploy"} 1',
    'argocd_webhook_store_cache_attempts_total{repo="https://git.example.com/shop/deploy",successful="true"} 3',
    'argocd_webhook_handlers_in_flight 1',
  ]);
});
