/** How the cases of operators' kinds are written. */
import type { HealthStatusCode } from '@tiphys/model';

export type Condition = Readonly<Record<string, string | number>>;
/** Fields of the object, the code that is expected, and the message where it matters. */
export type Row = readonly [fields: Record<string, unknown>, code: HealthStatusCode | undefined, message?: string];
export type Cases = Readonly<Record<string, readonly Row[]>>;

/** Type, status (True), reason, message. */
export function c(type: string, ...[status = 'True', reason = '', message = '']: readonly string[]): Condition {
  return { type, status, reason, message };
}

export function no(type: string, reason = '', message = ''): Condition {
  return c(type, 'False', reason, message);
}

export function conditions(...list: readonly Condition[]) {
  return { status: { conditions: list } };
}

export const phase = (value: string) => ({ status: { phase: value } });
export const state = (value: string) => ({ status: { state: value } });

/** Kinds with a Ready condition as everybody means it. */
export const ready: readonly Row[] = [
  [conditions(c('Ready')), 'Healthy'],
  [conditions(no('Ready', 'Failed', 'it failed')), 'Degraded', 'it failed'],
  [conditions(c('Ready', 'Unknown', 'Deploying')), 'Progressing', 'Deploying'],
  [{}, 'Progressing', 'Waiting for the condition Ready'],
];
