/** `globalProjects` of argocd-cm (F08): projects that others inherit from, by label. */
import type { GlobalProject } from '@tiphys/model';
import { createReader, isRecord, type Parsed, type SettingsData } from './reader.js';

export function parseGlobalProjects(argocdCm: SettingsData): Parsed<readonly GlobalProject[]> {
  const reader = createReader(argocdCm);
  const value = reader.yaml('globalProjects');
  if (value === undefined) return { settings: [], problems: reader.problems };
  if (!Array.isArray(value)) {
    reader.problem('globalProjects', 'must be a YAML list of {projectName, labelSelector}');
    return { settings: [], problems: reader.problems };
  }
  const settings = value.filter((entry, index): entry is GlobalProject => {
    const valid = isRecord(entry) && typeof entry['projectName'] === 'string' && isRecord(entry['labelSelector']);
    if (!valid) reader.problem('globalProjects', `entry ${index + 1} needs projectName and labelSelector`);
    return valid;
  });
  return { settings, problems: reader.problems };
}
