/** The options of spec.source.kustomize, put into the kustomization as `kustomize edit` does for Argo CD (B15-B20). */
import { GitOpsError, type KustomizeSource } from '@tiphys/model';
import type { BuildEnvironment } from '../build-environment.js';
import { mergeImages, parseImage } from './images.js';
import { isRecord, type Kustomization, records, strings } from './kustomization.js';

export interface Edit {
  readonly options: KustomizeSource;
  readonly environment: BuildEnvironment;
  /** Those of `options.components` that are to be used. */
  readonly components: readonly string[];
}

type Draft = Record<string, unknown>;

/** The same object when there is nothing to change. @throws GitOpsError InvalidSpec for options that contradict each other or the file. */
export function editKustomization(kustomization: Kustomization, edit: Edit): Kustomization {
  const draft: Draft = { ...kustomization };
  const { options, environment } = edit;
  if (options.namePrefix) draft['namePrefix'] = options.namePrefix;
  if (options.nameSuffix) draft['nameSuffix'] = options.nameSuffix;
  if (options.namespace) draft['namespace'] = options.namespace;
  if (options.images?.length) {
    const overrides = options.images.map((image) => parseImage(environment.substitute(image)));
    draft['images'] = mergeImages([...records(draft['images']), ...records(draft['imageTags'])], overrides);
    delete draft['imageTags'];
  }
  if (options.replicas?.length) draft['replicas'] = mergeReplicas(draft['replicas'], options.replicas);
  setLabels(draft, edit);
  setAnnotations(draft, edit);
  if (options.patches?.length) draft['patches'] = [...records(draft['patches']), ...options.patches];
  if (edit.components.length > 0) {
    draft['components'] = [...new Set([...strings(draft['components']), ...edit.components])];
  }
  return Object.keys(draft).every((key) => draft[key] === kustomization[key]) ? kustomization : draft;
}

type Replicas = NonNullable<KustomizeSource['replicas']>;

function mergeReplicas(existing: unknown, overrides: Replicas): readonly Kustomization[] {
  const replicas = new Map(records(existing).map((replica) => [String(replica['name']), replica]));
  for (const { name, count } of overrides) {
    const number = Number(count);
    if (!Number.isInteger(number)) {
      const message = `The replica count "${count}" of ${name} is no number. Correct spec.source.kustomize.replicas.`;
      throw new GitOpsError('InvalidSpec', message);
    }
    replicas.set(name, { name, count: number });
  }
  return [...replicas.values()].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

type Texts = Readonly<Record<string, string>>;

function setLabels(draft: Draft, { options, environment }: Edit): void {
  const added = mapValues(options.commonLabels ?? {}, environment.substitute);
  if (Object.keys(added).length === 0) return;
  const force = options.forceCommonLabels === true;
  if (options.labelWithoutSelector !== true) {
    if (options.labelIncludeTemplates === true) throw templatesNeedOption();
    draft['commonLabels'] = addTexts(draft['commonLabels'], added, { force, field: 'commonLabels' });
    return;
  }
  const includeTemplates = options.labelIncludeTemplates === true;
  const labels = [...records(draft['labels'])];
  const index = labels.findIndex(
    (item) => item['includeSelectors'] !== true && (item['includeTemplates'] === true) === includeTemplates,
  );
  const before = labels[index] ?? { includeSelectors: false, includeTemplates };
  const pairs = addTexts(before['pairs'], added, { force, field: 'labels' });
  labels.splice(index < 0 ? labels.length : index, 1, { ...before, pairs });
  draft['labels'] = labels;
}

function setAnnotations(draft: Draft, { options, environment }: Edit): void {
  const given = options.commonAnnotations ?? {};
  if (Object.keys(given).length === 0) return;
  const added = options.commonAnnotationsEnvsubst === true ? mapValues(given, environment.substitute) : given;
  const force = options.forceCommonAnnotations === true;
  draft['commonAnnotations'] = addTexts(draft['commonAnnotations'], added, { force, field: 'commonAnnotations' });
}

interface Adding {
  readonly force: boolean;
  readonly field: 'commonLabels' | 'labels' | 'commonAnnotations';
}

function addTexts(existing: unknown, added: Texts, { force, field }: Adding): Kustomization {
  const before = isRecord(existing) ? existing : {};
  const twice = force ? undefined : Object.keys(added).find((key) => Object.hasOwn(before, key));
  if (twice === undefined) return { ...before, ...mapValues(added, trimQuotes) };
  const option = field === 'commonAnnotations' ? 'forceCommonAnnotations' : 'forceCommonLabels';
  const next = `Set spec.source.kustomize.${option}, or remove it from one of them.`;
  throw new GitOpsError('ManifestGeneration', `"${twice}" is in the kustomization's ${field} already. ${next}`);
}

/** `kustomize edit` takes quotes around a value away. */
function trimQuotes(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function mapValues(texts: Texts, map: (text: string) => string): Texts {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, map(text)]));
}

function templatesNeedOption(): GitOpsError {
  const message = 'spec.source.kustomize.labelIncludeTemplates needs labelWithoutSelector: true as well.';
  return new GitOpsError('InvalidSpec', message);
}
