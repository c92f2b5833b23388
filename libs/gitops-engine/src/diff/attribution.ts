/** Names who changed a field that now differs: the manager that owns it, from the live object's managedFields. */
import type { DriftAttribution } from '../compare/types.js';
import type { OwnedNode } from './ownership.js';
import type { Finding } from './walk.js';

/**
 * One entry per manager, operation and time, newest first. A field that we own as well changed in Git and not in the
 * cluster; a field that nobody owns (it was removed) has no known author.
 */
export function attributeDrift(findings: readonly Finding[]): readonly DriftAttribution[] {
  const byAuthor = new Map<string, DriftAttribution & { fields: string[] }>();
  for (const { place } of findings) {
    if (place.ownership.ours !== undefined) continue;
    for (const owned of place.ownership.others) addField(byAuthor, owned, place.path);
  }
  return [...byAuthor.values()].sort(newestFirst);
}

function addField(
  byAuthor: Map<string, DriftAttribution & { fields: string[] }>,
  { entry }: OwnedNode,
  path: string,
): void {
  const { manager = 'unknown', operation = 'Update', time, subresource = '' } = entry;
  const key = JSON.stringify([manager, operation, time, subresource]);
  const known = byAuthor.get(key);
  if (known === undefined) byAuthor.set(key, { manager, operation, time, fields: [path] });
  else if (!known.fields.includes(path)) known.fields.push(path);
}

function newestFirst(a: DriftAttribution, b: DriftAttribution): number {
  const [left, right] = [a.time ?? '', b.time ?? ''];
  if (left !== right) return left < right ? 1 : -1;
  return a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0;
}
