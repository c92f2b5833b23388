/** The OpenAPI document of libs/api-contract as text, with the version of this repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '../../../libs/api-contract/dist/index.js';
import { root } from './root.mjs';

export function openApiText() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify(openApiDocument({ version }), null, 2)}\n`;
}
