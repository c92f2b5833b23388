/** The cookies of a session on answers (F21). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { splitToken, tokenCookieNames } from '../auth/session-cookies.js';
import { ApiError } from '../errors.js';
import { isSecure } from './is-secure.js';

/** Throws `failedPrecondition` when the token does not fit into cookies. */
export function setSessionCookies(request: FastifyRequest, reply: FastifyReply, token: string): void {
  const cookies = splitToken(token);
  if (cookies === undefined) {
    const text = 'the token of the login provider is too large for cookies; have the provider put fewer claims into it';
    throw new ApiError('failedPrecondition', text);
  }
  for (const { name, value } of cookies) reply.setCookie(name, value, cookieOptions(request));
}

/** Every part that the request brought. */
export function clearSessionCookies(request: FastifyRequest, reply: FastifyReply): void {
  for (const name of tokenCookieNames(request.cookies)) reply.clearCookie(name, cookieOptions(request));
}

export function cookieOptions(request: FastifyRequest) {
  // The values are made of characters that cookies take as they are; Argo CD reads them without decoding.
  const encode = (value: string) => value;
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request), encode } as const;
}
