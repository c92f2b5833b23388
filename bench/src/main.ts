/** `npm run bench`: progress on standard error, the JSON line and the table on standard output. */
import { runBenchmark } from './benchmark.js';
import { parseOptions, USAGE } from './options.js';
import { linesOf, tableOf } from './report.js';

const options = parseOptions(process.argv.slice(2));
if (options === undefined) {
  console.log(USAGE);
} else {
  const started = performance.now();
  const say = (line: string): void => {
    console.error(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const result = await runBenchmark(options, say);
  console.log(JSON.stringify(result));
  console.log(`\n${tableOf(result)}`);
  const missed = linesOf(result).filter((line) => line.reached === false);
  process.exitCode = options.check && missed.length > 0 ? 1 : 0;
}
