// `npm run bench`: build what is measured, then run the benchmark. Arguments go to it, for example `npm run bench -- --apps 10`.
// `npm run bench -- render` runs the one of renders, `rbac` the one of access decisions, `api` the one of the API server.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const MODES = {
  render: { apps: ['apps/repo-server'], main: 'bench/dist/render/main.js' },
  rbac: { apps: [], main: 'bench/dist/rbac/main.js' },
  api: { apps: ['apps/api-server'], main: 'bench/dist/api-load/main.js' },
};
const WHOLE = {
  apps: ['apps/api-server', 'apps/repo-server', 'apps/application-controller'],
  main: 'bench/dist/main.js',
};

const [which, ...rest] = process.argv.slice(2);
const mode = Object.hasOwn(MODES, which ?? '') ? MODES[which] : undefined;
const { apps, main } = mode ?? WHOLE;
const built = run(['node_modules/typescript7/bin/tsc', '-b', 'bench', ...apps]);
process.exit(built === 0 ? run([main, ...(mode === undefined ? process.argv.slice(2) : rest)]) : built);
