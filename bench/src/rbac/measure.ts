/** Times how long a whole list takes to authorise: with nothing known, and again. */
import { createEnforcer, type Enforcer, type MatchMode } from '@tiphys/rbac';
import { type RbacSizes, type RbacWorkload, rbacWorkload } from './workload.js';

export interface RbacTiming {
  readonly mode: MatchMode;
  /** Reading policy.csv, once per change of argocd-rbac-cm. */
  readonly policyMs: number;
  /** First list: the subject, its groups and every project are read. */
  readonly coldMs: number;
  /** Median of the later lists. */
  readonly warmMs: number;
  /** Processor time of the first list, and the median of later ones: what they cost on a machine that others use, too. */
  readonly coldCpuMs: number;
  readonly warmCpuMs: number;
  readonly allowed: number;
}

export interface RbacBenchResult {
  readonly sizes: RbacSizes;
  readonly timings: readonly RbacTiming[];
}

const LISTS = 21;

/** Each mode is measured after a first pass on another workload, so that the code is compiled as in a running server. */
export function runRbacBenchmark(sizes: RbacSizes): RbacBenchResult {
  const modes: readonly MatchMode[] = ['glob', 'regex'];
  return {
    sizes,
    timings: modes.map((mode) => {
      timing(mode, rbacWorkload(mode, { ...sizes, projects: Math.ceil(sizes.projects / 2) }));
      return timing(mode, rbacWorkload(mode, sizes));
    }),
  };
}

function timing(mode: MatchMode, workload: RbacWorkload): RbacTiming {
  const begun = performance.now();
  const enforcer = createEnforcer(workload.settings);
  const policyMs = performance.now() - begun;
  const cold = list(enforcer, workload);
  const warm = Array.from({ length: LISTS }, () => list(enforcer, workload));
  return {
    ...{ mode, policyMs: rounded(policyMs), coldMs: rounded(cold.ms), warmMs: median(warm.map(({ ms }) => ms)) },
    ...{ coldCpuMs: rounded(cold.cpuMs), warmCpuMs: median(warm.map(({ cpuMs }) => cpuMs)), allowed: cold.allowed },
  };
}

function list(enforcer: Enforcer, { subject, requests }: RbacWorkload) {
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const grants = enforcer.grantsOf(subject);
  let allowed = 0;
  for (const { request, project } of requests) if (grants.allows(request, project)) allowed += 1;
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - begun, cpuMs: (user + system) / 1_000, allowed };
}

function median(values: readonly number[]): number {
  return rounded([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

function rounded(ms: number): number {
  return Number(ms.toFixed(1));
}
