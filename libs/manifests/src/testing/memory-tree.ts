/** A repository in memory, content-addressed like Git's; for tests. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceEntry, SourceTree } from '../ports.js';

export type Content = string | Uint8Array | { readonly link: string };
export type Files = Readonly<Record<string, Content>>;

const hash = (text: string): string => createHash('sha1').update(text).digest('hex');
const isFile = (content: Content): content is string | Uint8Array =>
  typeof content === 'string' || content instanceof Uint8Array;

/** Content-addressed like Git's trees: equal content, equal id. */
export function treeOf(files: Files): SourceTree & { readonly reads: string[] } {
  const entries = new Map<string, SourceEntry>();
  const blobs = new Map<string, string | Uint8Array>();
  const add = (folder: string): SourceEntry => {
    const prefix = folder === '' ? '' : `${folder}/`;
    const names = new Set(
      Object.keys(files)
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length).split('/')[0] ?? ''),
    );
    const children = [...names].sort().map((name): SourceEntry => {
      const path = prefix + name;
      const content = files[path];
      if (content === undefined) return add(path);
      const data = isFile(content) ? content : content.link;
      const kind = isFile(content) ? 'blob' : 'symlink';
      const text = typeof data === 'string' ? data : `bytes ${Buffer.from(data).toString('hex')}`;
      const entry = { path, kind, oid: hash(`${kind} ${text}`) } as const;
      entries.set(path, entry);
      blobs.set(entry.oid, data);
      return entry;
    });
    const listing = children.map(({ path, oid, kind }) => [path.slice(prefix.length), oid, kind]);
    const entry = { path: folder, kind: 'tree', oid: hash(JSON.stringify(listing)) } as const;
    entries.set(folder, entry);
    return entry;
  };
  add('');
  const reads: string[] = [];
  return {
    commit: 'c'.repeat(40),
    reads,
    entry: async (path) => entries.get(path),
    list: async (path) =>
      [...entries.values()]
        .filter((entry) => entry.path !== path && entry.path.startsWith(path === '' ? '' : `${path}/`))
        .filter((entry) => !entry.path.slice(path === '' ? 0 : path.length + 1).includes('/'))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    readBlob: async (oid) => {
      reads.push(oid);
      const data = blobs.get(oid) ?? '';
      return typeof data === 'string' ? new TextEncoder().encode(data) : data;
    },
  };
}

/** What a folder on disk holds; links stay links, and are not followed. */
export function filesOf(directory: string, prefix = ''): Files {
  const files: Record<string, Content> = {};
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const [path, inside] = [join(directory, entry.name), `${prefix}${entry.name}`];
    if (entry.isDirectory()) Object.assign(files, filesOf(path, `${inside}/`));
    else files[inside] = entry.isSymbolicLink() ? { link: readlinkSync(path) } : readContent(path);
  }
  return files;
}

/** Text where it is text. */
function readContent(path: string): string | Uint8Array {
  const bytes = readFileSync(path);
  return bytes.includes(0) ? bytes : bytes.toString('utf8');
}
