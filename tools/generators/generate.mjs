/**
 * Writes everything that is generated from sources in this repository: the custom resource definitions of the chart
 * (from libs/model), the protobuf code (from proto/) and the OpenAPI document (from libs/api-contract).
 *
 *   node tools/generators/generate.mjs           writes
 *   node tools/generators/generate.mjs --check   generates to a temporary folder and fails when the committed files differ
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSources, generateProto } from './lib/commands.mjs';
import { differences, writeFiles, writeText } from './lib/files.mjs';
import { root } from './lib/root.mjs';

const PROTO_OUTPUT = 'libs/proto/src/gen';
const CRD_OUTPUT = 'charts/tiphys/crds';
const OPENAPI_OUTPUT = 'docs/reference/openapi.json';
const OUTPUTS = [CRD_OUTPUT, PROTO_OUTPUT, OPENAPI_OUTPUT];

async function main() {
  const check = process.argv.includes('--check');
  buildSources();
  const { customResourceDefinitions } = await import('./lib/crd.mjs');
  const { openApiText } = await import('./lib/openapi.mjs');
  const write = (base) => {
    writeFiles(join(base, CRD_OUTPUT), customResourceDefinitions());
    writeText(join(base, OPENAPI_OUTPUT), openApiText());
    generateProto(base);
  };
  if (!check) {
    write(root);
    console.log(`Wrote ${OUTPUTS.join(', ')}.`);
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), 'tiphys-generate-'));
  try {
    write(temporary);
    const found = OUTPUTS.map((path) => differences({ root, temporary, path })).join('');
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
