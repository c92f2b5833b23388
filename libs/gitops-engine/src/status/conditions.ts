/** Conditions with stable transition times: a condition that says the same keeps the time at which it began to. */
import type { ApplicationCondition, ApplicationStatus, ConditionType } from '@tiphys/model';

type NewCondition = Pick<ApplicationCondition, 'type' | 'message'> & Partial<ApplicationCondition>;

export interface ConditionChange {
  /** Conditions that hold now. */
  readonly conditions: readonly NewCondition[];
  /** Types that were evaluated: those not in `conditions` are removed, all other types are kept. Default: all. */
  readonly evaluated?: readonly ConditionType[];
  /** RFC 3339 */
  readonly now: string;
}

/** Sorted by type and message; equal conditions once. */
export function mergeConditions(
  previous: readonly ApplicationCondition[] | undefined,
  { conditions, evaluated, now }: ConditionChange,
): ApplicationCondition[] {
  const untouched = (previous ?? []).filter(({ type }) => evaluated !== undefined && !evaluated.includes(type));
  const merged = new Map<string, ApplicationCondition>();
  for (const { type, message, lastTransitionTime } of [...untouched, ...conditions]) {
    const known = previous?.find((condition) => condition.type === type && condition.message === message);
    const since = known?.lastTransitionTime ?? lastTransitionTime ?? now;
    merged.set(`${type}\n${message}`, { type, message, lastTransitionTime: since });
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, condition]) => condition);
}

/** The status with its conditions replaced; an empty list is left out. */
export function withConditions(status: ApplicationStatus, change: ConditionChange): ApplicationStatus {
  const { conditions: previous, ...rest } = status;
  const conditions = mergeConditions(previous, change);
  return conditions.length === 0 ? rest : { ...rest, conditions };
}
