#!/usr/bin/env node
/**
 * Makes a machine ready for this repository: system packages, Node, npm packages and the Go-built tools, all in a
 * per-user cache. Idempotent: a second run finds everything in place and ends at once. Needs Node 18 and nothing else.
 */
import { mkdirSync } from 'node:fs';
import { aptStep } from './lib/apt.mjs';
import { goStep } from './lib/go-tools.mjs';
import { withLock } from './lib/lock.mjs';
import { nodeStep } from './lib/node.mjs';
import { npmStep } from './lib/npm.mjs';
import { cacheDir } from './lib/paths.mjs';
import { say } from './lib/run.mjs';

const STEPS = [aptStep, nodeStep, npmStep, goStep];

async function main() {
  if (STEPS.every((step) => step.isReady())) {
    return;
  }
  mkdirSync(cacheDir, { recursive: true });
  say(`preparing this machine; cache: ${cacheDir}`);
  await withLock(async () => {
    for (const [index, step] of STEPS.entries()) {
      await perform(step, `${index + 1}/${STEPS.length} ${step.title}`);
    }
  });
  say('ready');
}

async function perform(step, label) {
  if (step.isReady()) {
    say(`${label}: in place`);
    return;
  }
  const begun = Date.now();
  say(`${label} ...`);
  await step.run();
  say(`${label}: done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

main().catch((error) => {
  console.error(`[bootstrap] ${error.message}`);
  process.exitCode = 1;
});
