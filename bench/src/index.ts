/** Benchmarks: drivers that print a JSON line and a readable table. */
export { runBenchmark } from './benchmark.js';
export { parseOptions } from './options.js';
export type * from './results.js';
