/** The readable form of a result, beside the goals of the issue. */
import type { Rate, RenderBenchResult, SourceResult } from './results.js';

/** Milliseconds of a request whose answer is known. */
const WARM_GOAL_MS = 2;
/** Times faster than a command line. */
const COLD_GOAL = 4;

export interface Goal {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  readonly reached: boolean;
}

export function goalsOf({ sources }: RenderBenchResult): readonly Goal[] {
  return sources.flatMap((source) => [...coldGoal(source), warmGoal(source)]);
}

/** Of helm and kustomize only: directories start nothing, and of jsonnet most is the evaluation. */
function coldGoal({ name, commandLine, cold }: SourceResult): readonly Goal[] {
  if (commandLine === undefined || name === 'jsonnet') return [];
  const factor = commandLine.medianMs / cold.medianMs;
  const measured = `${factor.toFixed(1)} times`;
  return [
    {
      what: `${name}: cold, against its command line`,
      measured,
      goal: `≥ ${COLD_GOAL} times`,
      reached: factor >= COLD_GOAL,
    },
  ];
}

function warmGoal({ name, warm: { medianMs } }: SourceResult): Goal {
  const reached = medianMs <= WARM_GOAL_MS;
  return { what: `${name}: warm`, measured: `${medianMs} ms`, goal: `≤ ${WARM_GOAL_MS} ms`, reached };
}

const HEAD = ['source', 'how', 'median ms', 'p95 ms', 'CPU ms', 'renders/s (4 at a time)'];

export function renderTableOf(result: RenderBenchResult): string {
  const rows = result.sources.flatMap((source) => {
    const ways: readonly (readonly [string, Rate | undefined])[] = [
      ['command line', source.commandLine],
      ['cold', source.cold],
      ['cold, processes', source.coldByProcesses],
      ['warm', source.warm],
    ];
    return ways.flatMap(([how, rate]) => (rate === undefined ? [] : [rowOf(source.name, how, rate)]));
  });
  const memory = Object.entries(result.memoryMb).map(
    ([name, { resident, peak }]) => `${name} ${resident} (peak ${peak})`,
  );
  const goals = goalsOf(result).map(({ what, measured, goal, reached }) => [
    what,
    goal,
    reached ? 'reached' : 'MISSED',
    measured,
  ]);
  const lines = [
    ...[`${result.cores} cores, Node ${result.node}`, ''],
    ...[aligned([HEAD, ...rows]), ''],
    ...[`memory in MB: ${memory.join(', ')}`, ''],
    aligned(goals),
  ];
  return lines.join('\n');
}

function rowOf(name: string, how: string, { medianMs, p95Ms, cpuMs, perSecond }: Rate): readonly string[] {
  return [name, how, medianMs.toFixed(2), p95Ms.toFixed(2), cpuMs.toFixed(2), perSecond.toFixed(1)];
}

/** Columns of equal width; the first row decides how many there are. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
