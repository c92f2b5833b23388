/** Building health results: an empty message is left out, as Argo CD's JSON does. */
import type { HealthStatus, HealthStatusCode } from '@tiphys/model';

export function health(status: HealthStatusCode, message = ''): HealthStatus {
  return message === '' ? { status } : { status, message };
}
