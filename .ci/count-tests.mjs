/**
 * `count-tests.mjs <exit code of npm test> <folder>` prints `<passed> <failed>`, added up over the folder's vitest JSON
 * reports. A test file that could not run counts as one failure, and so does a failed run whose reports show none.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [status, folder] = process.argv.slice(2);
const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
const reports = names
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  .filter((report) => report.testResults);

const brokenFiles = (report) =>
  report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const counted = reports.reduce((sum, report) => sum + report.numFailedTests + brokenFiles(report), 0);
const nothingRan = passed + counted === 0;
const failed = counted === 0 && (status !== '0' || nothingRan) ? 1 : counted;
console.log(`${passed} ${failed}`);
