/** The order of health codes (E01). */
import { HEALTH_STATUS_CODES, type HealthStatusCode } from '@tiphys/model';

export function worse(a: HealthStatusCode, b: HealthStatusCode): HealthStatusCode {
  return HEALTH_STATUS_CODES.indexOf(b) > HEALTH_STATUS_CODES.indexOf(a) ? b : a;
}
