/** `.gitmodules`: which folder is which repository. Pure. */
import { GitError } from '../errors.js';
import { parseGitUrl } from '../git-url.js';

const SECTION = /^\[submodule\s+"((?:[^"\\]|\\.)*)"\]\s*$/;
const FIELD = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/;

/** Address as it is written, by path. What git would not understand is left out; of a path that is named twice the last counts. */
export function parseGitmodules(text: string): ReadonlyMap<string, string> {
  const sections: Record<string, string>[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      sections.push({});
      if (!SECTION.test(line)) sections.push({});
      continue;
    }
    const [, key, value] = FIELD.exec(line) ?? [];
    const section = sections.at(-1);
    if (key !== undefined && section !== undefined) section[key.toLowerCase()] = unquote(value ?? '');
  }
  return new Map(
    sections.flatMap(({ path, url }) => (path === undefined || url === undefined ? [] : [[path, url] as const])),
  );
}

function unquote(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(value);
  if (quoted !== null) return (quoted[1] ?? '').replace(/\\(["\\])/g, '$1');
  return value.replace(/\s+[#;].*$/, '').trim();
}

/**
 * The address of a submodule: `./x` and `../x` are relative to the repository that names it, as in git.
 * @throws GitError `invalid-url` for local paths, `file://` and everything else that is no address of a host (S9).
 */
export function submoduleUrl(url: string, parent: string): string {
  const absolute = /^\.{1,2}\//.test(url) ? resolveRelative(url, parent) : url;
  parseGitUrl(absolute);
  return absolute;
}

function resolveRelative(relative: string, parent: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.exec(parent)?.[0];
  // Of an scp-like address, the path begins behind the colon.
  const root = scheme ?? parent.slice(0, parent.indexOf(':'));
  const separator = scheme === undefined ? ':' : '/';
  const parts = parent
    .slice(root.length + 1)
    .replace(/\/+$/, '')
    .split('/');
  for (const part of relative.split('/')) {
    if (part === '..' && parts.pop() === undefined) throw outside(relative, parent);
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  if (parts.length === 0) throw outside(relative, parent);
  return `${root}${separator}${parts.join('/')}`;
}

function outside(relative: string, parent: string): GitError {
  const next = 'Correct the address in .gitmodules.';
  return new GitError(
    'invalid-url',
    `The submodule address "${relative.slice(0, 200)}" leads out of ${parent}. ${next}`,
  );
}
