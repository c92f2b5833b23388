/** Deployment history (A15, D44): what a rollback can go back to. */
import type { ApplicationStatus, RevisionHistory } from '@tiphys/model';
import { boundedHistory } from './bounds.js';

const DEFAULT_LIMIT = 10;

/** The status with one more history entry; the oldest beyond the limit, or beyond what an object may hold (R14), are dropped. Ids grow and are never used again. */
export function appendHistory(
  status: ApplicationStatus,
  entry: Omit<RevisionHistory, 'id'>,
  limit: number = DEFAULT_LIMIT,
): ApplicationStatus {
  const history = status.history ?? [];
  const id = Math.max(-1, ...history.map((known) => known.id)) + 1;
  const kept = Math.max(0, limit);
  return { ...status, history: kept === 0 ? [] : [...boundedHistory([...history, { ...entry, id }].slice(-kept))] };
}
