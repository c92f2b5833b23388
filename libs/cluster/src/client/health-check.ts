/** Whether an API server answers, for `/healthz?full=true` (M10). */
import { CONFIG_OBJECTS, redact } from '@tiphys/model';
import { type CheckResult, singleFlight } from '@tiphys/runtime';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';

const TIMEOUT_MS = 5_000;
/** Anybody may ask for the check: however often, the API server is asked once in this time. */
const REMEMBERED_MS = 1_000;

/** Reads the settings, which needs both the server and our rights. */
export function createHealthCheck(client: Pick<KubeClient, 'get'>, namespace: string): () => Promise<CheckResult> {
  const flights = singleFlight();
  let last: { readonly at: number; readonly result: CheckResult } | undefined;
  return async () => {
    if (last !== undefined && performance.now() - last.at < REMEMBERED_MS) return last.result;
    const result = await flights.run('check', () => check(client, namespace));
    last = { at: performance.now(), result };
    return result;
  };
}

async function check(client: Pick<KubeClient, 'get'>, namespace: string): Promise<CheckResult> {
  try {
    const key = { namespace, name: CONFIG_OBJECTS.settings };
    await client.get(RESOURCES.configMaps, key, AbortSignal.timeout(TIMEOUT_MS));
    return { name: 'kubernetes', ok: true };
  } catch (error) {
    return { name: 'kubernetes', ok: false, message: redact(error instanceof Error ? error.message : String(error)) };
  }
}
