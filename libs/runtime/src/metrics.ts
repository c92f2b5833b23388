/** Prometheus metrics of a process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds, usually seconds. */
  readonly buckets: readonly number[];
}

export interface GaugeOptions<L extends string> extends MetricOptions<L> {
  /** Called at every scrape to set the current value. */
  readonly collect?: (gauge: Gauge<L>) => void | Promise<void>;
}

export interface Metrics {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  gauge<L extends string = never>(options: GaugeOptions<L>): Gauge<L>;
  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L>;
  /** The text of `/metrics`. */
  render(): Promise<string>;
  /** Forgets every series of counters and histograms, not those of the process (M02, `metrics.cache.expiration`). */
  resetCounts(): void;
  readonly contentType: string;
}

/** A registry of its own with the metrics of the process (CPU, memory, garbage collection, event loop). */
export function createMetrics(options: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  // The default precision of 10 ms wakes an idle process 100 times a second.
  if (options.processMetrics !== false)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const counts: { reset(): void }[] = [];
  const counted = <M extends { reset(): void }>(metric: M): M => {
    counts.push(metric);
    return metric;
  };
  return {
    counter: ({ name, help, labels = [] }) =>
      counted(new Counter({ name, help, labelNames: labels, registers: [registry] })),
    gauge: <L extends string = never>({ name, help, labels = [], collect }: GaugeOptions<L>) =>
      new Gauge<L>({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        ...(collect === undefined
          ? {}
          : {
              collect(this: Gauge<L>) {
                return collect(this);
              },
            }),
      }),
    histogram: ({ name, help, labels = [], buckets }) =>
      counted(new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] })),
    render: () => registry.metrics(),
    resetCounts: () => {
      for (const metric of counts) metric.reset();
    },
    contentType: registry.contentType,
  };
}

/** `argocd_info{version}`: which build runs. */
export function registerBuildInfo(metrics: Metrics, version: string): void {
  metrics.gauge({ name: 'argocd_info', help: 'ArgoCD version information', labels: ['version'] }).set({ version }, 1);
}
