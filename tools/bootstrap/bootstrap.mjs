#!/usr/bin/env node
/**
 * Makes a machine ready for this repository: system packages, Node, npm packages and the Go-built tools, all in a
 * per-user cache. Idempotent: a second run finds everything in place and ends at once. Needs Node 18 and nothing else.
 */
import { mkdirSync } from 'node:fs';
import { aptStep } from './lib/apt.mjs';
import { dexStep } from './lib/dex.mjs';
import { goStep } from './lib/go-tools.mjs';
import { withLock } from './lib/lock.mjs';
import { nodeStep } from './lib/node.mjs';
import { npmStep } from './lib/npm.mjs';
import { cacheDir } from './lib/paths.mjs';
import { say } from './lib/run.mjs';
import { schemathesisStep } from './lib/schemathesis.mjs';

/** In order; the steps of one stage do not need each other and run at the same time. */
const STAGES = [[aptStep], [nodeStep], [npmStep, goStep, schemathesisStep], [dexStep]];

async function main() {
  if (STAGES.flat().every((step) => step.isReady())) {
    return;
  }
  mkdirSync(cacheDir, { recursive: true });
  say(`preparing this machine; cache: ${cacheDir}`);
  await withLock(async () => {
    for (const stage of STAGES) {
      const outcomes = await Promise.allSettled(stage.map(perform));
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      if (failed.length > 0) {
        throw new Error(failed.map((outcome) => outcome.reason.message).join('\n'));
      }
    }
  });
  say('ready');
}

async function perform(step) {
  if (step.isReady()) {
    say(`${step.title}: in place`);
    return;
  }
  const begun = Date.now();
  say(`${step.title} ...`);
  await step.run();
  say(`${step.title}: done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

main().catch((error) => {
  console.error(`[bootstrap] ${error.message}`);
  process.exitCode = 1;
});
