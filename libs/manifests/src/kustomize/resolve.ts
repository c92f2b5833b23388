/** References that do not lead to what they should, told in words that never say what is outside of the repository (S8). */
import { GitOpsError } from '@tiphys/model';
import { joinPath } from '../tree/source-path.js';
import { addIfFile, type Collection, type Place } from './collection.js';

export interface NamedReference {
  readonly field: string;
  readonly text: string;
}

/** Adds the file, if there is one. @throws GitOpsError ManifestGeneration when the path or a link on it leads outside. */
export async function addInside(collection: Collection, place: Place, named: NamedReference): Promise<void> {
  const path = joinPath(place.folder, named.text);
  const result = path === undefined ? undefined : await collection.recorded.lookup(path);
  if (path === undefined || result?.kind === 'illegal') throw unresolved(place.file, named, 'illegal');
  await addIfFile(collection, path);
}

/** The same words whether or not a place outside of the repository exists (S8). */
export function unresolved(
  file: string,
  { field, text }: NamedReference,
  kind: 'found' | 'missing' | 'illegal',
): GitOpsError {
  const shown = text.slice(0, 200);
  const why = {
    found: 'is neither a file nor a folder that fits there',
    missing: 'does not exist in the repository',
    illegal: 'is not inside of the repository',
  }[kind];
  const next = 'Correct the path, or add what it names to the repository.';
  return new GitOpsError('ManifestGeneration', `${file}: "${shown}" in ${field} ${why}. ${next}`);
}
