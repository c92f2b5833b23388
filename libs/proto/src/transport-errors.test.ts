import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ERROR_CODES, GitOpsError } from '@tiphys/model';
import { expect, it } from 'vitest';
import { fromGrpcError, toGrpcFailure } from './transport-errors.js';

function overTheWire(error: unknown): GitOpsError {
  const { code, details, metadata } = toGrpcFailure(error);
  return fromGrpcError(Object.assign(new Error(details), { code, details, metadata }) as ServiceError, 'the server');
}

it.each(ERROR_CODES)('an error with the code %s arrives as it was thrown', (code) => {
  const error = new GitOpsError(code, 'what happened; what to do');
  expect(overTheWire(error)).toMatchObject({ code, message: error.message, retry: error.retry });
});

it('its own retry delay arrives too', () => {
  const error = new GitOpsError('Upstream', 'later', { retry: { afterMs: 4_200 } });
  expect(overTheWire(error).retry).toEqual({ afterMs: 4_200 });
});

it('S23 secrets do not leave the server, and unknown errors become Internal', () => {
  const arrived = overTheWire(new Error('failed at https://user:s3cret@host/x'));
  expect(arrived.code).toBe('Internal');
  expect(arrived.message).not.toContain('s3cret');
});

it('a very long message is shortened, because headers are small', () => {
  expect(overTheWire(new GitOpsError('Upstream', 'x'.repeat(100_000))).message.length).toBeLessThan(4_000);
});

it.each([
  [status.UNAVAILABLE, 'Upstream', /cannot be reached/],
  [status.DEADLINE_EXCEEDED, 'Upstream', /did not answer in time/],
  [status.RESOURCE_EXHAUSTED, 'ManifestGeneration', /message limit/],
  [status.UNIMPLEMENTED, 'Internal', /the server: text/],
])('an error of the connection with status %s becomes %s', (code, expected, message) => {
  const error = Object.assign(new Error('text'), { code, details: 'text', metadata: new Metadata() }) as ServiceError;
  expect(fromGrpcError(error, 'the server')).toMatchObject({ code: expected, message: expect.stringMatching(message) });
});
