/** Headers that tell browsers what pages and answers may do (S24, F36), on every answer: errors, streams and static pages, too. */
import type { HttpServerSettings } from '@tiphys/settings';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { isSecure } from '../http/is-secure.js';

/** Scripts come from us and are never written into a page; styles may be, which runs nothing. */
export const DEFAULT_POLICY = [
  "default-src 'self'",
  "base-uri 'self'",
  "connect-src 'self'",
  "font-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'self'",
  "img-src 'self' data: https:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self' 'unsafe-inline'",
].join('; ');

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-dns-prefetch-control': 'off',
  'x-permitted-cross-domain-policies': 'none',
  // The filter of old browsers could be used against pages.
  'x-xss-protection': '0',
} as const;
/** A year, as browsers ask for. Only over TLS: over HTTP it says nothing, and on a host without TLS it would lock people out. */
const TRANSPORT = 'max-age=31536000; includeSubDomains';

export interface SecurityHeadersOptions {
  readonly settings: () => HttpServerSettings;
}

export const securityHeadersPlugin = fastifyPlugin<SecurityHeadersOptions>(async (app, { settings }) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders(settings(), isSecure(request)));
  });
});

export function securityHeaders(settings: HttpServerSettings, secure: boolean): Readonly<Record<string, string>> {
  const { contentSecurityPolicy: policy = DEFAULT_POLICY, frameOptions } = settings;
  return {
    ...ALWAYS,
    ...(policy === '' ? {} : { 'content-security-policy': policy }),
    ...(frameOptions === '' ? {} : { 'x-frame-options': frameOptions }),
    ...(secure ? { 'strict-transport-security': TRANSPORT } : {}),
  };
}

/** For requests that no route, and so no hook, ever sees: paths that are no URLs. */
export function answerBadUrl(settings: () => HttpServerSettings) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const message = `${error.message}; a path must be percent-encoded UTF-8`;
    const body = JSON.stringify({ error: message, code: 3, message });
    const headers = { ...securityHeaders(settings(), isSecure(request)), 'x-request-id': request.id };
    void reply.code(400).headers(headers).type('application/json; charset=utf-8').send(body);
  };
}
