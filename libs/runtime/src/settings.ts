/** The settings that the services share, as fragments of a schema: `z.object({ ...commonSettings, ...redisSettings })`. */
import { readFileSync } from 'node:fs';
import { parseDuration } from '@tiphys/model';
import { z } from 'zod';
import { type HostPort, parseHostPort } from './listen-address.js';
import { LOG_FORMATS, LOG_LEVELS } from './logger.js';

/** A `host:port` text, given as its parts. */
export const hostPort = z.string().transform((text, context): HostPort => {
  try {
    return parseHostPort(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

/** A `host:port` setting with a default. */
export function hostPortSetting(fallback: string, description: string): z.ZodDefault<typeof hostPort> {
  return hostPort.default(parseHostPort(fallback)).describe(description);
}

/** `90s`, `24h0m0s`, or a number of seconds; the value is in milliseconds. */
export function durationSetting(fallback: string, description: string) {
  return z
    .string()
    .default(fallback)
    .transform((value, context) => {
      const milliseconds = /^\d+$/.test(value) ? Number(value) * 1_000 : parseDuration(value);
      if (milliseconds !== undefined && milliseconds >= 0) return milliseconds;
      context.addIssue({ code: 'custom', message: 'must be a duration, for example 90s' });
      return z.NEVER;
    })
    .describe(description);
}

/** logrus' words, which Argo CD accepts, too. */
const LEVEL_WORDS: Readonly<Record<string, string>> = {
  trace: 'debug',
  warning: 'warn',
  fatal: 'error',
  panic: 'error',
};

function levelOf(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const word = text.toLowerCase();
  return LEVEL_WORDS[word] ?? word;
}

export const commonSettings = {
  namespace: z.string().min(1).default('argocd').describe('Namespace of the control plane'),
  logLevel: z
    .preprocess(levelOf, z.enum(LOG_LEVELS))
    .default('info')
    .describe(`Log level: ${LOG_LEVELS.join(', ')}`),
  logFormat: z
    .enum(LOG_FORMATS)
    .default('json')
    .describe(`Log format: ${LOG_FORMATS.join(', ')}`),
  logTimestamp: z
    .string()
    .default('')
    .describe('Layout of the time in log lines, as Go writes it: 2006-01-02T15:04:05Z07:00; empty: RFC 3339'),
} as const;

export const redisSettings = {
  redisAddress: hostPort.describe('Redis, host:port'),
  redisPassword: z.string().optional().describe('Password of Redis; prefer redis-password-file'),
  redisPasswordFile: z.string().optional().describe('File with the password of Redis; read again on every reconnect'),
  redisAllowUnauthenticated: z.stringbool().default(false).describe('Accept a Redis that asks for no password (S6)'),
  cacheKey: z
    .string()
    .min(32, 'needs at least 32 bytes')
    .describe('Key of the authenticated cache; use cache-key-file'),
} as const;

/** Variables of Argo CD and of Kubernetes tools that are understood besides ours; pass to loadConfig. */
export const commonAliases = {
  kubeconfig: ['KUBECONFIG'],
  redisPassword: ['REDIS_PASSWORD'],
  logTimestamp: ['ARGOCD_LOG_FORMAT_TIMESTAMP'],
} as const;

/** Argo CD's variables of log and traces of a component (M07, M08); `component` for example `ARGOCD_SERVER`. */
export function componentAliases(component: string) {
  return {
    ...commonAliases,
    logLevel: [`${component}_LOGLEVEL`, `${component}_LOG_LEVEL`],
    logFormat: [`${component}_LOGFORMAT`, `${component}_LOG_FORMAT`],
    otlpAddress: [`${component}_OTLP_ADDRESS`],
    otlpInsecure: [`${component}_OTLP_INSECURE`],
    otlpHeaders: [`${component}_OTLP_HEADERS`],
    otlpAttrs: [`${component}_OTLP_ATTRS`],
    otlpSampleRatio: [`${component}_OTLP_SAMPLE_RATIO`],
  } as const;
}

/** How to reach a Redis; the password is asked for on every connect, so that it can be rotated without a restart (R2). */
export interface RedisConnection extends HostPort {
  readonly password: () => string | undefined;
}

/** The connection that `redisSettings` describe. */
export function redisConnection(config: {
  readonly redisAddress: HostPort;
  readonly redisPassword?: string | undefined;
  readonly redisPasswordFile?: string | undefined;
}): RedisConnection {
  const { redisAddress, redisPassword, redisPasswordFile } = config;
  const password = (): string | undefined =>
    redisPasswordFile === undefined ? redisPassword : readFileSync(redisPasswordFile, 'utf8').trim();
  return { ...redisAddress, password };
}
