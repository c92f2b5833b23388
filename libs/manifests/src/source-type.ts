/** Which tool a source is for (B01). */
import { type ApplicationSource, GitOpsError, type SourceType } from '@tiphys/model';
import type { SourceEntry } from './ports.js';
import { nameOf } from './tree/source-path.js';

const FILES: Readonly<Record<string, SourceType>> = {
  'Chart.yaml': 'Helm',
  'kustomization.yaml': 'Kustomize',
  'kustomization.yml': 'Kustomize',
  Kustomization: 'Kustomize',
};

/** What the spec says itself. @throws GitOpsError InvalidSpec when it names more than one tool. */
export function explicitSourceType(source: ApplicationSource): SourceType | undefined {
  const types: SourceType[] = [];
  if (source.kustomize !== undefined) types.push('Kustomize');
  if (source.helm !== undefined) types.push('Helm');
  if (source.directory !== undefined) types.push('Directory');
  if (source.plugin !== undefined) types.push('Plugin');
  if (types.length > 1) {
    const message = `The source names more than one tool: ${types.join(', ')}. Keep one of them in spec.source.`;
    throw new GitOpsError('InvalidSpec', message);
  }
  return source.chart && types[0] !== 'Plugin' ? 'Helm' : types[0];
}

/** The type that the files of a folder show: Helm before Kustomize, else Directory. */
export function detectSourceType(
  children: readonly SourceEntry[],
  isEnabled: (type: SourceType) => boolean = () => true,
): SourceType {
  const types = children
    .filter(({ kind }) => kind !== 'tree')
    .map(({ path }) => FILES[nameOf(path)])
    .filter((type) => type !== undefined && isEnabled(type));
  if (types.includes('Helm')) return 'Helm';
  return types.includes('Kustomize') ? 'Kustomize' : 'Directory';
}
