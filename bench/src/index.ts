/** Benchmarks: drivers that print a JSON line and a readable table. */
export {};
