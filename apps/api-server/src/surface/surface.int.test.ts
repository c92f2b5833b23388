/** The whole REST surface against one installation that is full of secrets; see the suites. */
import { afterAll, beforeAll } from 'vitest';
import { describeCanaryProbes } from './canary-probes.js';
import { describeCanarySearch } from './canary-search.js';
import { cases } from './cases/index.js';
import { removeGpgKey } from './cases/installation.js';
import { describeContract } from './contract-suite.js';
import { describeFindings } from './findings-suite.js';
import { describeHostileInput } from './hostile-suite.js';
import { startWorld, type World } from './world.js';
import { describeMarkup } from './xss-suite.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  removeGpgKey();
  await world?.stop();
});

describeContract(cases, () => world);
describeFindings(() => world);
describeCanaryProbes(cases, () => world);
describeHostileInput(() => world);
describeMarkup(() => world);
describeCanarySearch(() => world);
