#!/usr/bin/env node
/**
 * `bundle.mjs <folder>` puts there what a plugin's sidecar runs beside Node: the plugin server as one file, and the script
 * that starts it under the name of Argo CD's. The image of the sidecar needs neither npm nor our image.
 */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));

export async function bundleSidecar(folder) {
  mkdirSync(folder, { recursive: true });
  const bundle = await rolldown({
    input: join(here, '../../apps/cmp-server/src/main.ts'),
    platform: 'node',
    resolve: {
      conditionNames: ['@tiphys/source', 'node', 'import', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    tsconfig: false,
    logLevel: 'silent',
  });
  await bundle.write({ file: join(folder, 'cmp-server.mjs'), format: 'esm', codeSplitting: false, minify: true });
  await bundle.close();
  const script = join(folder, 'argocd-cmp-server');
  copyFileSync(join(here, 'argocd-cmp-server'), script);
  chmodSync(script, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.error('usage: bundle.mjs <folder>');
    process.exit(2);
  }
  await bundleSidecar(folder);
}
