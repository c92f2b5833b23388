/** Where traces go: the settings `otlp.*` of argocd-cmd-params-cm (M07), by the variables that Argo CD's services read. */
import { z } from 'zod';

export interface TracingSettings {
  readonly otlpAddress: string;
  readonly otlpInsecure: boolean;
  readonly otlpHeaders: Readonly<Record<string, string>>;
  readonly otlpAttrs: Readonly<Record<string, string>>;
  readonly otlpSampleRatio: number;
}

export const tracingSettings = {
  otlpAddress: z
    .string()
    .default('')
    .refine(isCollector, 'must be host:port (OTLP over gRPC) or an http(s) URL (OTLP over HTTP)')
    .describe('Collector of traces: host:port speaks OTLP over gRPC, an http(s) URL OTLP over HTTP; empty: no traces'),
  otlpInsecure: z.stringbool().default(true).describe('Speak gRPC to the collector without TLS'),
  otlpHeaders: pairs('=').describe('Headers for the collector: key1=value1,key2=value2; secrets in otlp-headers-file'),
  otlpAttrs: pairs(':').describe('Attributes of all spans: key1:value1,key2:value2'),
  otlpSampleRatio: z.coerce.number().min(0).max(1).default(1).describe('Share of the traces that is recorded, 0 to 1'),
} as const;

/** `a=1,b=2`. Problems do not quote the text, which may be a credential. */
function pairs(separator: '=' | ':') {
  return z
    .string()
    .default('')
    .transform((text, context): Readonly<Record<string, string>> => {
      const parts = text.split(',').filter((part) => part.trim() !== '');
      if (parts.some((part) => part.indexOf(separator) < 1)) {
        const message = `must be pairs name${separator}value with commas between them`;
        context.addIssue({ code: 'custom', message });
      }
      return Object.fromEntries(parts.map((part) => pairOf(part, separator)));
    });
}

function pairOf(part: string, separator: string): readonly [string, string] {
  const at = part.indexOf(separator);
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

export interface Collector {
  readonly protocol: 'grpc' | 'http';
  readonly url: string;
}

/** A URL without a path means the standard path of OTLP over HTTP. */
export function collectorOf(address: string, insecure: boolean): Collector {
  if (!/^https?:\/\//.test(address)) return { protocol: 'grpc', url: `${insecure ? 'http' : 'https'}://${address}` };
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return { protocol: 'http', url: url.href };
}

function isCollector(text: string): boolean {
  if (text === '') return true;
  return /^https?:\/\//.test(text) ? URL.canParse(text) : /^([^\s/:@[\]]+|\[[0-9a-f:]+\]):\d{1,5}$/i.test(text);
}
