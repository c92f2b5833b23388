/** Health of widely used operators' kinds, by their documented conditions and phases. */
import { type GroupKind, type GroupKindString, groupKindString } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { DATA_CHECKS, DATA_GROUPS } from './data.js';
import { DELIVERY_CHECKS, DELIVERY_GROUPS } from './delivery.js';
import { PLATFORM_CHECKS, PLATFORM_GROUPS } from './platform.js';
import { SECURITY_CHECKS } from './security.js';
import { SIMPLE_CHECKS, SIMPLE_GROUPS } from './simple.js';

const KINDS: ReadonlyMap<GroupKindString, HealthCheck> = new Map([
  ...DELIVERY_CHECKS,
  ...SECURITY_CHECKS,
  ...DATA_CHECKS,
  ...PLATFORM_CHECKS,
  ...SIMPLE_CHECKS,
]);
const GROUPS: ReadonlyMap<string, HealthCheck> = new Map([
  ...DELIVERY_GROUPS,
  ...DATA_GROUPS,
  ...PLATFORM_GROUPS,
  ...SIMPLE_GROUPS,
]);

/** The exact kind, else its group, else the longest ending of its group; undefined: kstatus decides. */
export function operatorCheckFor(groupKind: GroupKind): HealthCheck | undefined {
  return KINDS.get(groupKindString(groupKind)) ?? groupCheck(groupKind.group);
}

function groupCheck(group: string): HealthCheck | undefined {
  const exact = GROUPS.get(group);
  if (exact !== undefined) return exact;
  for (let dot = group.indexOf('.'); dot >= 0; dot = group.indexOf('.', dot + 1)) {
    const found = GROUPS.get(group.slice(dot));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every entry, for documentation and tests. */
export function operatorKinds(): readonly string[] {
  return [...KINDS.keys(), ...[...GROUPS.keys()].map((group) => `${group.startsWith('.') ? '*' : ''}${group}/*`)];
}
