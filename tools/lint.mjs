// Lint the workspace. The Nx boundary rule silently skips when no project graph is cached, so build the graph first
// and then prove, on a file that breaks the rule on purpose, that it fires.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true' };
const run = (command, args, options = {}) => spawnSync(command, args, { stdio: 'inherit', env, ...options });

console.log('lint: building the project graph');
if (run('nx', ['show', 'projects'], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) process.exit(1);

const probe = 'libs/gitops-engine/src/boundary-probe.ts';
writeFileSync(
  probe,
  "import { Queue } from 'bullmq';\nimport { createHash } from 'node:crypto';\nimport * as runtime from '@tiphys/runtime';\nexport const probe = [Queue, createHash, runtime];\n",
);
let fired;
try {
  fired = run('eslint', ['--format', 'json', probe], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
} finally {
  rmSync(probe, { force: true });
}
const messages = JSON.parse(fired.stdout)[0].messages.filter(
  (message) => message.ruleId === '@nx/enforce-module-boundaries',
);
if (messages.length < 2) {
  console.error('lint: the Nx boundary rule did not fire on the probe file; boundaries are not being enforced');
  process.exit(1);
}
console.log('lint: boundary rule fires; linting');
process.exit(
  run('eslint', ['--cache', '--max-warnings', '0', ...(process.argv.length > 2 ? process.argv.slice(2) : ['.'])])
    .status ?? 1,
);
