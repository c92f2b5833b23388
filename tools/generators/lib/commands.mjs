/** The tools that the generators call: the TypeScript compiler and buf. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { root } from './root.mjs';

/** Compiles libs/model and libs/api-contract, whose output the generators import. */
export function buildSources() {
  const libraries = ['libs/model', 'libs/api-contract'].map((path) => join(root, path));
  run(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-b', ...libraries]);
}

/** Runs `buf generate` so that its output lands under `base` (buf.gen.yaml's paths are relative to proto/). */
export function generateProto(base) {
  run(join(root, 'node_modules/.bin/buf'), ['generate', '--output', join(base, 'proto')], join(root, 'proto'));
}

function run(command, args, cwd = root) {
  const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, PATH } });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${status}`);
}
