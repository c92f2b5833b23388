/** `npm run bench -- render`: progress on standard error, the JSON line and the table on standard output. */
import { runRenderBenchmark } from './measure.js';
import { parseRenderOptions, USAGE } from './options.js';
import { goalsOf, renderTableOf } from './report.js';

const options = parseRenderOptions(process.argv.slice(2));
if (options === undefined) {
  console.log(USAGE);
} else {
  const started = performance.now();
  const say = (line: string): void => {
    console.error(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const result = await runRenderBenchmark(options.renders, say);
  console.log(JSON.stringify(result));
  console.log(`\n${renderTableOf(result)}`);
  process.exitCode = options.check && goalsOf(result).some(({ reached }) => !reached) ? 1 : 0;
}
