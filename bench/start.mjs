// `npm run bench`: build what is measured, then run the benchmark. Arguments go to it, for example `npm run bench -- --apps 10`.
// `npm run bench -- render` runs the one of renders.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const [which, ...rest] = process.argv.slice(2);
const isRender = which === 'render';
const apps = isRender ? ['repo-server'] : ['api-server', 'repo-server', 'application-controller'];
const built = run(['node_modules/typescript7/bin/tsc', '-b', 'bench', ...apps.map((app) => `apps/${app}`)]);
const main = isRender ? ['bench/dist/render/main.js', ...rest] : ['bench/dist/main.js', ...process.argv.slice(2)];
process.exit(built === 0 ? run(main) : built);
