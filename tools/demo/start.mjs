// `npm run demo`: build what changed, then tell the story. Plain Node, because nothing is built yet when it starts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

console.log('demo: building');
const built = run(['node_modules/typescript7/bin/tsc', '-b']);
if (built !== 0) process.exit(built);
process.exit(run(['tools/demo/dist/main.js', ...process.argv.slice(2)]));
