/** The one redactor (design 10): every text that leaves a service (status, event, log, answer) passes it. */

const RULES: readonly (readonly [RegExp, string])[] = [
  // userinfo in URLs: https://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]+(?::[^/\s@]*)?@/gi, '$1***@'],
  // query strings can carry tokens
  [/(\bhttps?:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/gi, '$1?***'],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 ***'],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g, '***'],
  [/\b(gh[pousr]_|glpat-|github_pat_)[A-Za-z0-9_-]{8,}/g, '***'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '***'],
  [/\b(password|passwd|secret|token|api[-_]?key)(["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi, '$1$2***'],
];

/** Replaces credentials, tokens and private keys in free text. Idempotent. */
export function redact(text: string): string {
  return RULES.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}
