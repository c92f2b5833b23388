/** A tree whose submodules are folders (B37): each is opened when something in it is looked up, never before. */
import { GitError } from '../errors.js';
import type { GitTree, TreeEntry } from '../ports.js';
import { parseGitmodules, submoduleUrl } from './gitmodules.js';

export interface SubmoduleOptions {
  /** The repository that the tree is of. */
  readonly url: string;
  /** Opens another repository at exactly this commit, under the rules and with the credentials that apply to it. */
  readonly open: (url: string, commit: string) => Promise<GitTree>;
}

const MAX_DEPTH = 10;
const MAX_GITMODULES_BYTES = 1024 * 1024;
/** Before the ids of submodules, and of folders that may hold some: without them, a folder of the same id holds less. */
const PREFIX = 'submodule:';

/** Object ids still name content: that of a submodule is the commit that the outer tree holds. */
export function withSubmodules(tree: GitTree, options: SubmoduleOptions): GitTree {
  return new SubmoduleTree(tree, options, MAX_DEPTH);
}

interface Module {
  /** Where it lies in the outer tree. */
  readonly path: string;
  readonly tree: GitTree;
}

class SubmoduleTree implements GitTree {
  readonly commit: string;
  readonly #tree: GitTree;
  readonly #options: SubmoduleOptions;
  readonly #depthLeft: number;
  readonly #modules = new Map<string, Promise<Module>>();
  /** The trees that objects of submodules were seen in. */
  readonly #owners = new Map<string, GitTree>();
  #addresses: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(tree: GitTree, options: SubmoduleOptions, depthLeft: number) {
    this.commit = tree.commit;
    this.#tree = tree;
    this.#options = options;
    this.#depthLeft = depthLeft;
  }

  async entry(path: string): Promise<TreeEntry | undefined> {
    const direct = await this.#tree.entry(path);
    if (direct !== undefined) return this.#marked(direct);
    const module = await this.#moduleAbove(path);
    if (module === undefined) return undefined;
    const inner = await module.tree.entry(path.slice(module.path.length + 1));
    return inner === undefined ? undefined : this.#outer(module, inner);
  }

  async list(path: string): Promise<readonly TreeEntry[]> {
    const direct = await this.#tree.entry(path);
    if (direct !== undefined && direct.kind !== 'submodule') {
      return Promise.all((await this.#tree.list(path)).map((child) => this.#marked(child)));
    }
    const module = direct === undefined ? await this.#moduleAbove(path) : await this.#module(direct);
    if (module === undefined) return [];
    const children = await module.tree.list(path.slice(module.path.length + 1));
    return children.map((child) => this.#outer(module, child));
  }

  readBlob(oid: string, maxBytes: number): Promise<Uint8Array> {
    return (this.#owners.get(oid) ?? this.#tree).readBlob(oid, maxBytes);
  }

  async #marked(entry: TreeEntry): Promise<TreeEntry> {
    const isModule = entry.kind === 'submodule';
    if (!isModule && (entry.kind !== 'tree' || !(await this.#hasModules()))) return entry;
    return { ...entry, kind: 'tree', oid: `${PREFIX}${entry.oid}` };
  }

  async #hasModules(): Promise<boolean> {
    return (await this.#tree.entry('.gitmodules')) !== undefined;
  }

  #outer(module: Module, inner: TreeEntry): TreeEntry {
    this.#owners.set(inner.oid, module.tree);
    return { ...inner, path: inner.path === '' ? module.path : `${module.path}/${inner.path}` };
  }

  /** The submodule that a path which is not in the tree itself leads into. */
  async #moduleAbove(path: string): Promise<Module | undefined> {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const entry = await this.#tree.entry(parts.slice(0, length).join('/'));
      if (entry?.kind === 'submodule') return this.#module(entry);
      if (entry?.kind !== 'tree') return undefined;
    }
    return undefined;
  }

  #module({ path, oid }: TreeEntry): Promise<Module> {
    const known = this.#modules.get(path);
    if (known !== undefined) return known;
    const opening = this.#open(path, oid);
    this.#modules.set(path, opening);
    opening.catch(() => this.#modules.delete(path));
    return opening;
  }

  async #open(path: string, commit: string): Promise<Module> {
    if (this.#depthLeft === 0) {
      const message = `The submodules at "${path}" are more than ${MAX_DEPTH} deep. Take out one that holds itself.`;
      throw new GitError('unsupported', message);
    }
    this.#addresses ??= this.#readAddresses();
    const written = (await this.#addresses).get(path);
    if (written === undefined) {
      const next = 'Add it there, or remove the folder from the repository.';
      throw new GitError('unsupported', `The submodule "${path}" has no address in .gitmodules. ${next}`);
    }
    const url = submoduleUrl(written, this.#options.url);
    const tree = await this.#options.open(url, commit);
    return { path, tree: new SubmoduleTree(tree, { ...this.#options, url }, this.#depthLeft - 1) };
  }

  async #readAddresses(): Promise<ReadonlyMap<string, string>> {
    const file = await this.#tree.entry('.gitmodules');
    if (file?.kind !== 'blob') return new Map();
    return parseGitmodules(new TextDecoder().decode(await this.#tree.readBlob(file.oid, MAX_GITMODULES_BYTES)));
  }
}
