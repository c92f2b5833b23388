/** Entries of the table of operators' kinds. */
import type { GroupKindString } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';

export type CheckEntry = readonly [kind: GroupKindString, check: HealthCheck];
/** All kinds of an API group, or of every group that ends so when it begins with a dot. Exact kinds win. */
export type GroupCheck = readonly [group: string, check: HealthCheck];
