/** What the routes of single resources and logs need: the parts of a live resource, and their settings. */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { parseResourceAccessSettings, type ResourceAccessSettings, type SettingsData } from '@tiphys/settings';
import type { LiveResourceDeps } from '../../applications/live-resource.js';

export type ApplicationResourceDeps = LiveResourceDeps;

const parsed = new WeakMap<SettingsData, ResourceAccessSettings>();

/** Read once per change of argocd-cm. */
export function accessSettings({ applicationState }: ApplicationResourceDeps): ResourceAccessSettings {
  const data = applicationState.applications.settings.configMap(CONFIG_OBJECTS.settings);
  const known = parsed.get(data) ?? parseResourceAccessSettings(data).settings;
  parsed.set(data, known);
  return known;
}
