/**
 * One vitest for the whole workspace (one process start instead of one per project).
 * `unit`: pure code and adapters that need no server. `integration`: real control plane, Redis and git servers,
 * started once for the run. `e2e`: the built services as processes.
 */
import { defineConfig } from 'vitest/config';

/** Those of Node, so that a test imports what the services import. */
const conditions = ['@tiphys/source', 'node', 'development|production'];
/** The servers of the tests are on this machine (S26). */
const env = { TIPHYS_ALLOW_LOOPBACK: 'true' };
const shared = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: ['node'] } } };

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          env,
          include: ['{libs,apps,tools,bench}/**/src/**/*.test.ts', 'tools/**/*.test.mjs'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**', '**/dist/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          env,
          include: ['{libs,apps}/**/src/**/*.int.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: ['libs/testing/src/vitest-global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          env,
          include: ['e2e/src/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: ['libs/testing/src/vitest-global-setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
