/** The ways in which operators say how an object is: conditions, a phase, or both. Each check is data for one of these. */
import type { HealthStatus, HealthStatusCode, KubernetesObject } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { asCondition, type Condition, listAt, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';

export type Path = readonly string[];
/** Condition type with the status that it must have; `Ready` alone means True. */
export type Codes = Readonly<Record<string, HealthStatusCode>>;

export interface ConditionRules {
  /** All of them True: Healthy. */
  readonly ready: readonly string[];
  /** Any of them True decides, before anything else. */
  readonly whenTrue?: Codes;
  /** What a False `ready` condition means; Degraded unless said. */
  readonly whenFalse?: HealthStatusCode;
  /** By reason of a `ready` condition that is not True. */
  readonly reasons?: Codes;
  /** Fields that suspend the object when they are true. */
  readonly suspendedBy?: Path;
  /** What it is without any of these conditions; Progressing unless said. */
  readonly absent?: HealthStatusCode;
}

/** Judges by `status.conditions`. Progressing while the newest generation is not observed or a condition is Unknown. */
export function byConditions(rules: ConditionRules): HealthCheck {
  return (live) => suspended(live, rules.suspendedBy) ?? outdated(live) ?? judge(freshConditions(live), rules);
}

/** The same for conditions that lie elsewhere, as those of a route's parents. */
export function judge(conditions: readonly Condition[], rules: ConditionRules): HealthStatus {
  const { ready, whenTrue = {}, absent = 'Progressing' } = rules;
  const decisive = conditions.find(({ type, status }) => status === 'True' && whenTrue[type] !== undefined);
  if (decisive !== undefined) return health(whenTrue[decisive.type] ?? 'Unknown', why(decisive));
  const found = conditions.filter(({ type }) => ready.includes(type));
  const open = found.find(({ status }) => status !== 'True');
  if (open !== undefined) return notReady(open, rules);
  const missing = ready.filter((type) => !found.some((condition) => condition.type === type));
  if (missing.length === 0 && ready.length > 0) return health('Healthy', found[0]?.message);
  return absent === 'Progressing' ? health(absent, `Waiting for the condition ${missing.join(', ')}`) : health(absent);
}

/** A condition that is neither True nor False is on its way, unless its reason says more. */
function notReady(open: Condition, { reasons = {}, whenFalse = 'Degraded' }: ConditionRules): HealthStatus {
  return health(reasons[open.reason] ?? (open.status === 'False' ? whenFalse : 'Progressing'), why(open));
}

/** Conditions at a path of the object or of a part of it; those about an older generation are left out. */
export function freshConditions(
  { metadata, ...live }: KubernetesObject,
  from: unknown = live,
  ...path: readonly string[]
): readonly Condition[] {
  const generation = metadata.generation ?? 0;
  const list = listAt(from, ...(path.length === 0 ? ['status', 'conditions'] : path));
  return list.filter((entry) => (numberAt(entry, 'observedGeneration') ?? generation) >= generation).map(asCondition);
}

export interface PhaseRules {
  readonly phase: Path;
  readonly codes: Codes;
  readonly message?: Path;
  readonly suspendedBy?: Path;
  /** A phase that is not listed; Unknown unless said. */
  readonly other?: HealthStatusCode;
}

/** Judges by one text field. Progressing while it is absent. */
export function byPhase({ phase, codes, message, suspendedBy, other = 'Unknown' }: PhaseRules): HealthCheck {
  return (live) => {
    const earlier = suspended(live, suspendedBy) ?? outdated(live);
    if (earlier !== undefined) return earlier;
    const found = textAt(live, ...phase) ?? '';
    if (found === '') return health('Progressing', `Waiting for ${phase.join('.')}`);
    const text = message === undefined ? undefined : textAt(live, ...message);
    const code = codes[found] ?? other;
    return health(code, text || (code === 'Healthy' ? '' : found));
  };
}

/** The first check that has an answer. */
export function firstOf(...checks: readonly HealthCheck[]): HealthCheck {
  return (live) => {
    for (const check of checks) {
      const found = check(live);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Several phases for one outcome. */
export function codes(byCode: Readonly<Partial<Record<HealthStatusCode, readonly string[]>>>): Codes {
  return Object.fromEntries(
    Object.entries(byCode).flatMap(([code, phases]) => phases.map((phase) => [phase, code as HealthStatusCode])),
  );
}

/** `spec.suspend: true` and the like. */
export function suspended(live: KubernetesObject, path: Path | undefined): HealthStatus | undefined {
  if (path === undefined || valueAt(live, ...path) !== true) return undefined;
  return health('Suspended', `${live.kind} is suspended (${path.join('.')})`);
}

/** Some operators write `observedGeneration` as text. */
export function outdated(live: KubernetesObject): HealthStatus | undefined {
  const observed =
    numberAt(live, 'status', 'observedGeneration') ?? Number(textAt(live, 'status', 'observedGeneration') ?? NaN);
  const isOutdated = observed < (live.metadata.generation ?? 0);
  return isOutdated ? health('Progressing', 'Waiting for the newest generation to be observed') : undefined;
}

export function why({ reason, message }: Condition): string {
  return message === '' ? reason : message;
}
