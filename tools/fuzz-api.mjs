// `npm run fuzz:api -- --minutes 10 [--seed 6]`: the fuzz test of the REST API alone, for as long as you like.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '6' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz:api -- --minutes 10 --seed 6');
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, TIPHYS_FUZZ_MINUTES: String(minutes), TIPHYS_FUZZ_SEED: String(seed) };
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;

console.log('fuzz: building');
const built = run(['node_modules/typescript7/bin/tsc', '-b']);
if (built !== 0) process.exit(built);
console.log(`fuzz: ${minutes} minutes from seed ${seed}; what fails is shown at the end, with a curl command each`);
process.exit(run(['node_modules/vitest/vitest.mjs', 'run', 'e2e/src/api-fuzz.test.ts']));
