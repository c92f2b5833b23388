/** What the text of `/metrics` promises to dashboards: names, types, label names and buckets, without values. */

export interface MetricShape {
  readonly type: string;
  /** Of the samples that there are, sorted, without `le`. */
  readonly labels: readonly string[];
  /** Of a histogram: upper bounds without +Inf. */
  readonly buckets?: readonly number[];
}

/** By name; `process_*` and `nodejs_*` are left out. */
export function metricShapes(text: string): Readonly<Record<string, MetricShape>> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].filter(
    ([, name = '']) => !/^(process|nodejs)_/.test(name),
  );
  return Object.fromEntries(types.map(([, name = '', type = '']) => [name, shapeOf(text, name, type)]));
}

/** Whole lines of samples of one metric, those of a histogram's parts included. */
export function metricSamples(text: string, name: string): readonly string[] {
  const sample = new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`);
  return text.split('\n').filter((line) => sample.test(line));
}

function shapeOf(text: string, name: string, type: string): MetricShape {
  const samples = metricSamples(text, name);
  const names = samples.flatMap((line) => [...line.matchAll(/([A-Za-z_]\w*)="/g)].map(([, label = '']) => label));
  const labels = [...new Set(names)].filter((label) => label !== 'le').sort();
  if (type !== 'histogram') return { type, labels };
  const bounds = samples.flatMap((line) => /le="([^"+]+)"/.exec(line)?.[1] ?? []);
  return { type, labels, buckets: [...new Set(bounds.map(Number))] };
}
