/** vitest globalSetup: hosts the shared control plane and Redis for the run; two projects of one run share one host. */

import { HARNESS_VARIABLE } from './shared.js';
import { type SharedHost, startSharedHost } from './shared-host.js';

interface Registration {
  readonly host: Promise<SharedHost>;
  users: number;
}

const KEY = Symbol.for('tiphys.testing.shared-host');
const registry = globalThis as { [KEY]?: Registration };

/** Called by vitest once per project, before its tests. */
export async function setup(): Promise<void> {
  const registration = registry[KEY] ?? { host: startSharedHost(), users: 0 };
  registry[KEY] = registration;
  registration.users += 1;
  process.env[HARNESS_VARIABLE] = (await registration.host).url;
}

/** Called by vitest once per project, after its tests. */
export async function teardown(): Promise<void> {
  const registration = registry[KEY];
  if (registration === undefined) {
    return;
  }
  registration.users -= 1;
  if (registration.users === 0) {
    delete registry[KEY];
    await (await registration.host).stop();
  }
}
