/** The logger of every service: pino behind our port, with the redactor in front of it (S23). */
import { redact } from '@tiphys/model';
import { pino } from 'pino';
import type { Logger } from './ports.js';
import { redactFields } from './redact-fields.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
  /** Name of the service; the field `service` of every line. */
  readonly name: string;
  readonly level: LogLevelName;
  readonly format: LogFormat;
  /** Where whole lines go; default standard output. */
  readonly write?: (line: string) => void;
}

/** Messages and fields pass `redact()`; an Error in a field becomes name, message, code, stack and cause. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const destination = { write: options.format === 'text' ? (line: string) => write(formatText(line)) : write };
  const settings = {
    level: options.level,
    base: { service: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(settings, destination));
}

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

function formatText(line: string): string {
  const { time, level, service, message, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${formatValue(value)}`);
  return `${[clock, String(level).toUpperCase().padEnd(5), service, message, ...fields].join(' ')}\n`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
