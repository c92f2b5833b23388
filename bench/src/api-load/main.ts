/** `npm run bench -- api`: progress on standard error, the JSON line and the table on standard output. */
import { runApiBenchmark } from './measure.js';
import { parseApiOptions, USAGE } from './options.js';
import { apiGoalsOf, apiTableOf } from './report.js';

const options = parseApiOptions(process.argv.slice(2));
if (options === undefined) {
  console.log(USAGE);
} else {
  const started = performance.now();
  const say = (line: string): void => {
    console.error(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const result = await runApiBenchmark(options, say);
  console.log(JSON.stringify(result));
  console.log(`\n${apiTableOf(result)}`);
  process.exitCode = options.check && apiGoalsOf(result).some(({ reached }) => !reached) ? 1 : 0;
}
