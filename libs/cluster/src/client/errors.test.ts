import { describe, expect, it } from 'vitest';
import { isExpired, kubeStatusOf, networkError, parseStatus, retryAfterMs, statusError } from './errors.js';

const request = { server: 'https://kube', method: 'PATCH', path: '/api/v1/namespaces/a/secrets/b?fieldManager=x' };

function errorOf(code: number, body: string, retryAfter?: number) {
  return statusError(request, parseStatus(code, body), retryAfter);
}

describe('errors of the API server', () => {
  it.each([
    { status: 400, code: 'InvalidSpec', retry: 'never' },
    { status: 401, code: 'Unauthenticated', retry: 'never' },
    { status: 403, code: 'PermissionDenied', retry: 'never' },
    { status: 404, code: 'NotFound', retry: 'never' },
    { status: 409, code: 'Conflict', retry: { afterMs: 0 } },
    { status: 422, code: 'InvalidSpec', retry: 'never' },
    { status: 410, code: 'Upstream', retry: 'backoff' },
    { status: 429, code: 'Upstream', retry: 'backoff' },
    { status: 500, code: 'Upstream', retry: 'backoff' },
    { status: 503, code: 'Upstream', retry: 'backoff' },
  ])('$status is $code', ({ status, code, retry }) => {
    expect(errorOf(status, '')).toMatchObject({ code, retry });
  });

  it('carry the message of the server, the request without its query, and what to do', () => {
    const body = '{"kind":"Status","message":"secrets \\"b\\" is forbidden","reason":"Forbidden"}';
    expect(errorOf(403, body).message).toBe(
      'PATCH /api/v1/namespaces/a/secrets/b: secrets "b" is forbidden (grant the service account of Tiphys this permission)',
    );
    expect(kubeStatusOf(errorOf(403, body))).toMatchObject({ code: 403, reason: 'Forbidden' });
  });

  it('wait as long as the server asks (R18)', () => {
    expect(errorOf(429, '', 3_000).retry).toEqual({ afterMs: 3_000 });
  });

  it('wait for a namespace that is being terminated', () => {
    const details = { causes: [{ reason: 'NamespaceTerminating' }] };
    const body = JSON.stringify({ message: 'namespace a is being terminated', details });
    expect(errorOf(403, body)).toMatchObject({ code: 'Waiting', retry: { afterMs: 2_000 } });
  });

  it('tell an expired resource version from other failures', () => {
    expect([isExpired(errorOf(410, '')), isExpired(errorOf(500, '')), isExpired(new Error('410'))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('of the network name the server and the reason', () => {
    const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    expect(networkError(request, cause)).toMatchObject({
      code: 'Upstream',
      message: expect.stringContaining(
        'no answer from the API server https://kube (ECONNREFUSED: connect failed)',
      ) as string,
    });
  });
});

describe('Retry-After', () => {
  it.each([
    { header: '2', expected: 2_000 },
    { header: '0', expected: 0 },
    { header: ['1', '9'], expected: 1_000 },
    { header: 'Thu, 01 Jan 1970 00:00:00 GMT', expected: 0 },
    { header: 'soon', expected: undefined },
    { header: undefined, expected: undefined },
  ])('$header is $expected ms', ({ header, expected }) => {
    expect(retryAfterMs(header)).toBe(expected);
  });
});
