// `npm test`: build the services (the e2e tests run them as processes), then one vitest run over everything.
// Arguments go to vitest, for example `npm test -- libs/model`.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

console.log('test: building');
const built = run(['node_modules/typescript7/bin/tsc', '-b']);
if (built !== 0) process.exit(built);

mkdirSync(new URL('../reports', import.meta.url), { recursive: true });
const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=reports/vitest.json'];
process.exit(run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)]));
