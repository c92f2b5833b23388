/**
 * S13: whatever is sent in the name of any sender is understood, ignored or refused with a 4xx; nothing crashes, hangs or grows.
 * `FUZZ_CASES=1000000` for more, `FUZZ_SEED` to repeat a run.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fuzzPlan } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { errorAnswer } from '../../errors.js';
import type { WebhookHandler } from './handler.js';
import type { WebhookRequest } from './provider.js';
import { type SampleDelivery, SECRETS, sampleDeliveries } from './testing/deliveries.js';
import { mutatedRequest } from './testing/mutate.js';
import { webhookSubject } from './testing/subject.js';

const CASES = 10_000;
/** No case may take as long, on any machine: the longest take a millisecond. */
const HANG_MS = 5_000;
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

const repoURL = 'https://git.example.com/shop/deploy';
const sources = {
  web: { repoURL, path: 'web', targetRevision: 'main' },
  tags: { repoURL, path: 'web', targetRevision: '1.*' },
  chart: { repoURL: 'oci://ghcr.io/shop/charts', chart: 'web', targetRevision: '1.*' },
  image: { repoURL: 'oci://registry.example.com:5000/shop/web', targetRevision: '*' },
};

/** Entries are taken and forgotten, so that only what the handler keeps can grow. */
function forgetfulSubject() {
  const texts: boolean[] = [];
  const isText = (value: unknown) => typeof value === 'string';
  return webhookSubject({
    ...{ settings: SECRETS, sources },
    deps: {
      queue: { enqueueMany: async () => undefined, enqueueManyAfter: async () => undefined },
      cache: { getJson: async () => undefined, setJson: async (key) => void (texts[0] = isText(key)) },
      metrics: {
        ...{ webhookDelivery: () => undefined, webhookEvent: () => undefined },
        ...{ webhookCarryOver: () => undefined, webhookHandlers: () => undefined },
      },
    },
  });
}

/** The status that the sender gets. */
function statusOf(handle: WebhookHandler, request: WebhookRequest): number {
  try {
    handle(request);
    return 202;
  } catch (error) {
    return errorAnswer(error, 'fuzz').status;
  }
}

const byProvider = new Map<string, SampleDelivery[]>();
for (const sample of sampleDeliveries()) {
  byProvider.set(sample.provider, [...(byProvider.get(sample.provider) ?? []), sample]);
}

describe.each([...byProvider])('S13 fuzzing %s', (provider, samples) => {
  const plan = fuzzPlan(provider, CASES);

  it('ends every request with 202, 400 or 401, at once', async () => {
    const { handle } = forgetfulSubject();
    const statuses = new Map<number, number>();
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < plan.cases; number += 1) {
      const request = mutatedRequest(plan.random.pick(samples), plan.random);
      const started = performance.now();
      const status = statusOf(handle, request);
      const told = `case ${number}, ${plan.hint}: ${request.body.subarray(0, 2_000).toString()}`;
      if (![202, 400, 401].includes(status)) expect.fail(`answered ${status}; ${told}`);
      if (performance.now() - started > HANG_MS) expect.fail(`took too long; ${told}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // The deliveries that were accepted are worked on.
      if (number % 50 === 0) await nextTurn();
    }
    expect(process.memoryUsage().heapUsed - before, plan.hint).toBeLessThan(MAX_GROWTH_BYTES);
    // The mutations reach what they are for: some are still understood, some are refused as malformed, some as forged.
    expect([...statuses.keys()].sort(), plan.hint).toEqual([202, 400, 401]);
  });
});
