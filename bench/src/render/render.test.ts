import { describe, expect, it } from 'vitest';
import { endedChildrenCpuMs, familyCpuMs, familyMemoryMb } from './cpu.js';
import { spread } from './measure.js';
import { parseRenderOptions } from './options.js';
import { goalsOf, renderTableOf } from './report.js';
import type { Rate, RenderBenchResult } from './results.js';
import { SOURCES } from './sources.js';

describe('parseRenderOptions', () => {
  it.each([
    { argv: [], expected: { renders: 100, check: false } },
    { argv: ['--renders', '20', '--check'], expected: { renders: 20, check: true } },
    { argv: ['--help'], expected: undefined },
  ])('understands $argv', ({ argv, expected }) => expect(parseRenderOptions(argv)).toEqual(expected));

  it.each([[['--renders', 'many']], [['--renders', '7']], [['--apps', '10']]])('refuses %s', (argv) => {
    expect(() => parseRenderOptions(argv)).toThrow();
  });
});

it('spread gives the median and the 95th percentile', () => {
  expect(spread([3, 1, 2])).toEqual({ medianMs: 2, p95Ms: 3 });
  expect(spread(Array.from({ length: 100 }, (_, index) => index))).toEqual({ medianMs: 50, p95Ms: 95 });
});

describe('sources', () => {
  it.each(SOURCES)('$name gives another request for each variant', ({ source }) => {
    const texts = Array.from({ length: 300 }, (_, variant) => JSON.stringify(source(variant)));
    expect(new Set(texts).size).toBe(300);
  });
});

it('reads processor time and memory of this process and its children', () => {
  const before = familyCpuMs(process.pid);
  const end = performance.now() + 50;
  while (performance.now() < end) Math.sqrt(Math.random());
  expect(familyCpuMs(process.pid)).toBeGreaterThan(before);
  expect(endedChildrenCpuMs()).toBeGreaterThanOrEqual(0);
  expect(familyMemoryMb(process.pid, 'me')['me']?.resident).toBeGreaterThan(20);
});

describe('the table', () => {
  const rate = (medianMs: number): Rate => ({ medianMs, p95Ms: medianMs, cpuMs: 1, renders: 10, perSecond: 100 });
  const ways = { commandLine: rate(40), cold: rate(9), coldByProcesses: rate(50), warm: rate(2.5) };
  const result: RenderBenchResult = {
    ...{ node: 'v24.0.0', cores: 2, startedAt: '2026-01-01T00:00:00Z' },
    sources: [
      { name: 'directory', what: '', objects: 1, ...ways, commandLine: undefined, coldByProcesses: undefined },
      { name: 'helm', what: '', objects: 1, ...ways, warm: rate(1) },
      { name: 'helm-umbrella', what: '', objects: 1, ...ways, cold: rate(11) },
      { name: 'jsonnet', what: '', objects: 1, ...ways },
    ],
    memoryMb: { 'render-helm': { resident: 50, peak: 60 } },
  };

  it('judges the goals of the issue', () => {
    expect(goalsOf(result).map(({ what, measured, reached }) => [what, measured, reached])).toEqual([
      ['directory: warm', '2.5 ms', false],
      ['helm: cold, against its command line', '4.4 times', true],
      ['helm: warm', '1 ms', true],
      ['helm-umbrella: cold, against its command line', '3.6 times', false],
      ['helm-umbrella: warm', '2.5 ms', false],
      ['jsonnet: warm', '2.5 ms', false],
    ]);
  });

  it('names every way that was measured', () => {
    const table = renderTableOf(result);
    expect(table).toMatch(/helm +cold, processes +50\.00/);
    expect(table).not.toMatch(/directory +command line/);
    expect(table).toContain('render-helm 50 (peak 60)');
    expect(table).toMatch(/helm: cold, against its command line +≥ 4 times +reached +4\.4 times/);
  });
});
