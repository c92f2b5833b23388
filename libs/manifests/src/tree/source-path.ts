/** Paths inside a repository: normalized, and never outside it (S7). */
import { GitOpsError } from '@tiphys/model';

/**
 * `./apps//web/` to `apps/web`; empty and `.` to the root.
 * @throws GitOpsError InvalidSpec for absolute paths, `..` that leaves the repository, and control characters.
 */
export function normalizeSourcePath(path: string): string {
  const resolved = path.startsWith('/') || /\p{Cc}/u.test(path) ? undefined : joinPath('', path);
  if (resolved !== undefined) return resolved;
  const next = 'Set spec.source.path to a folder relative to the root of the repository.';
  throw new GitOpsError('InvalidSpec', `The source path "${path.slice(0, 200)}" is not inside the repository. ${next}`);
}

/** Resolves `relative` against a folder; undefined when it leaves the repository. */
export function joinPath(folder: string, relative: string): string | undefined {
  if (relative.startsWith('/')) return undefined;
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
