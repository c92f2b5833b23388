/** The tracing port (M07): spans around work, and the headers that carry them to the next service. */

export type SpanFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Span {
  set(fields: SpanFields): void;
  /** The work ended badly without throwing an error. */
  fail(message: string): void;
}

export type SpanKind = 'internal' | 'server' | 'client';

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** Whoever reads traces sees them: no secrets; texts pass the redactor (S23). */
  readonly fields?: SpanFields;
  /** Headers of a caller: the span belongs to its trace. */
  readonly caller?: Readonly<Record<string, string | undefined>>;
}

/** Something that has just ended: its span is made afterwards. */
export interface EndedWork extends Omit<SpanOptions, 'caller'> {
  readonly durationMs: number;
  /** What went wrong. */
  readonly failure?: string | undefined;
}

export interface Tracer {
  /** False: nothing of OpenTelemetry is loaded, and every method does no more than the work it is given. */
  readonly enabled: boolean;
  /** Runs `work` in a span below the active one; an error that it throws is recorded and thrown on. */
  span<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Outside of a span nothing is recorded: background work would be a trace of one span each. */
  record(name: string, ended: EndedWork): void;
  /** `traceparent` and the like for a request to another service; empty outside of a span. */
  headers(): Readonly<Record<string, string>>;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}

const NO_SPAN: Span = { set: () => undefined, fail: () => undefined };
const NO_HEADERS = Object.freeze({});

export const noTracer: Tracer = {
  enabled: false,
  span: (_name, _options, work) => work(NO_SPAN),
  record: () => undefined,
  headers: () => NO_HEADERS,
  stop: async () => undefined,
};
