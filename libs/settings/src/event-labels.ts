/** Which labels of an Application and its project its Events carry: `resource.includeEventLabelKeys`, `resource.excludeEventLabelKeys`. */
import { compileGlob } from '@tiphys/model';
import { createReader, type Parsed, type SettingsData } from './reader.js';

/** Globs of label keys. */
export interface EventLabelSettings {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export function parseEventLabelSettings(argocdCm: SettingsData): Parsed<EventLabelSettings> {
  const reader = createReader(argocdCm);
  const settings = {
    include: reader.list('resource.includeEventLabelKeys'),
    exclude: reader.list('resource.excludeEventLabelKeys'),
  };
  return { settings, problems: reader.problems };
}

type Labels = Readonly<Record<string, string>>;

/** The application's label wins over one of its project with the same key. Nothing is included by default. */
export function eventLabels(
  { include, exclude }: EventLabelSettings,
  labels: { readonly application: Labels; readonly project: Labels },
): Labels {
  if (include.length === 0) return {};
  const [included, excluded] = [include, exclude].map((globs) => globs.map((glob) => compileGlob(glob)));
  const matches = (tests: typeof included, key: string) => tests?.some((test) => test(key)) === true;
  const entries = Object.entries({ ...labels.project, ...labels.application });
  return Object.fromEntries(entries.filter(([key]) => matches(included, key) && !matches(excluded, key)));
}
