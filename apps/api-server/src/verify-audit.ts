/** `node apps/api-server/dist/verify-audit.js [file...]`: whether lines of the audit log are missing or were changed; exit code 1 if so. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { verifyChain } from './audit/chain.js';

const files = process.argv.slice(2);
for (const file of files.length === 0 ? ['-'] : files) {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const check = await verifyChain(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }));
  if (check.ok) {
    const chains = check.chains.map(({ first, last, hash }) => `${first} to ${last}, last hash ${hash}`);
    process.stdout.write(`${file}: ${check.lines} lines, complete: ${chains.join('; ') || 'no chain'}\n`);
  } else {
    process.stdout.write(`${file}: line ${check.line}: ${check.problem}\n`);
    process.exitCode = 1;
  }
}
