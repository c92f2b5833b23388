/**
 * Writes everything that is generated from sources in this repository: the custom resource definitions of the chart
 * (from libs/model) and the protobuf code (from proto/).
 *
 *   node tools/generators/generate.mjs           writes
 *   node tools/generators/generate.mjs --check   generates to a temporary folder and fails when the committed files differ
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildModel, generateProto } from './lib/commands.mjs';
import { differences, writeFiles } from './lib/files.mjs';
import { root } from './lib/root.mjs';

const PROTO_OUTPUT = 'libs/proto/src/gen';
const CRD_OUTPUT = 'charts/tiphys/crds';

async function main() {
  const check = process.argv.includes('--check');
  buildModel();
  const { customResourceDefinitions } = await import('./lib/crd.mjs');
  const crds = customResourceDefinitions();
  if (!check) {
    writeFiles(join(root, CRD_OUTPUT), crds);
    generateProto(root);
    console.log(`Wrote ${CRD_OUTPUT} and ${PROTO_OUTPUT}.`);
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), 'tiphys-generate-'));
  try {
    writeFiles(join(temporary, CRD_OUTPUT), crds);
    generateProto(temporary);
    const found = [CRD_OUTPUT, PROTO_OUTPUT].map((folder) => differences({ root, temporary, folder })).join('');
    if (found === '') return console.log('Generated files are up to date.');
    console.error(
      `${found}\nGenerated files differ from their sources. Run \`npm run generate\` and commit the result.`,
    );
    process.exitCode = 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

await main();
