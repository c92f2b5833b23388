/** The logger of every service: pino behind our port, with the redactor in front of it (S23). */
import { redact } from '@tiphys/model';
import { pino } from 'pino';
import { formatGoTime } from './go-time.js';
import type { Logger } from './ports.js';
import { redactFields } from './redact-fields.js';
import { currentScope } from './work-scope.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
  /** Name of the service; the field `service` of every line. */
  readonly name: string;
  readonly level: LogLevelName;
  readonly format: LogFormat;
  /** Layout of the time as Go writes it (`log.format.timestamp`, M08); default RFC 3339, in text lines the time of day. */
  readonly timestamp?: string | undefined;
  /** Where whole lines go; default standard output. */
  readonly write?: (line: string) => void;
}

/**
 * Messages and fields pass `redact()`; an Error in a field becomes name, message, code, stack and cause. A line that belongs
 * to a request names it: `requestId`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const layout = options.timestamp || undefined;
  const toText = (line: string) => write(formatText(line, layout !== undefined));
  const destination = { write: options.format === 'text' ? toText : write };
  const settings = {
    level: options.level,
    base: { service: options.name },
    timestamp: layout === undefined ? pino.stdTimeFunctions.isoTime : timestampIn(layout),
    mixin: () => {
      const { requestId } = currentScope();
      return requestId === undefined ? {} : { requestId };
    },
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(settings, destination));
}

const timestampIn = (layout: string) => (): string => `,"time":${JSON.stringify(formatGoTime(layout, new Date()))}`;

/** A logger that says nothing: for tests and optional dependencies. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

function wrap(inner: pino.Logger): Logger {
  const at = (level: LogLevelName) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (!inner.isLevelEnabled(level)) return;
    inner[level](fields === undefined ? {} : redactFields(fields), redact(message));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(inner.child(redactFields(fields))),
  };
}

function formatText(line: string, wholeTime: boolean): string {
  const { time, level, service, message, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = wholeTime ? String(time) : String(time).slice(11, 23);
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${formatValue(value)}`);
  return `${[clock, String(level).toUpperCase().padEnd(5), service, message, ...fields].join(' ')}\n`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
