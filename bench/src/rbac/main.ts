/** `npm run bench -- rbac`: the JSON line and the table on standard output; `--check` fails when a goal is missed. */
import { parseArgs } from 'node:util';
import { type RbacTiming, runRbacBenchmark } from './measure.js';

/** Issue 6: of 10,000 applications, 70 groups and 200 projects. */
const GOALS = { coldMs: 200, warmMs: 20 } as const;
const SIZES = { applications: 10_000, projects: 200, groups: 70 };

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const result = runRbacBenchmark(SIZES);
console.log(JSON.stringify(result));
console.log(`\n${SIZES.applications} applications, ${SIZES.projects} projects, ${SIZES.groups} groups`);
for (const { mode, policyMs, coldMs, coldCpuMs, warmMs, warmCpuMs, allowed } of result.timings) {
  const times = `policy ${policyMs} ms, cold ${coldMs} ms (CPU ${coldCpuMs}), warm ${warmMs} ms (CPU ${warmCpuMs})`;
  console.log(`${mode}: ${times}, ${allowed} allowed`);
}
const missed = (timing: RbacTiming) => timing.coldMs > GOALS.coldMs || timing.warmMs > GOALS.warmMs;
process.exitCode = values.check && result.timings.some(missed) ? 1 : 0;
