// `npm run bench`: build what is measured, then run the benchmark. Arguments go to it, for example `npm run bench -- --apps 10`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const projects = ['bench', 'apps/api-server', 'apps/repo-server', 'apps/application-controller'];
const built = run(['node_modules/typescript7/bin/tsc', '-b', ...projects]);
process.exit(built === 0 ? run(['bench/dist/main.js', ...process.argv.slice(2)]) : built);
