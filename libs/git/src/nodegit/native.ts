/**
 * nodegit's compiled binding, with promises for the calls that are used. Its JavaScript wrapper is left out: it wraps a
 * thousand functions that nobody here calls, for 30 MB of memory and 100 ms at every start.
 */
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { NgBlob, NgCommit, NgOid, NgRemote, NgRemoteHead, NgRepository, NgTree, Nodegit } from './api.js';

type Callback<T> = (error: Error | null, value: T) => void;
type Native = (...parts: never[]) => unknown;

interface NativeTreeEntry {
  name(): string;
  id(): NgOid;
  filemode(): number;
}
interface NativeTree {
  entryCount(): number;
  _entryByIndex(index: number): NativeTreeEntry;
}
interface NativeBlob {
  rawsize(): number;
  rawcontent(): { toBuffer(bytes: number): Buffer };
}
interface NativeBinding {
  readonly Repository: { readonly init: Native; readonly openBare: Native };
  readonly Remote: {
    readonly createAnonymous: Native;
    readonly prototype: Readonly<Record<'connect' | 'referenceList' | 'disconnect' | 'fetch', Native>>;
  };
  readonly Credential: {
    readonly userpassPlaintextNew: Nodegit['Credential']['userpassPlaintextNew'];
    readonly sshKeyMemoryNew: Native;
  };
  readonly Commit: { readonly lookup: Native; readonly lookupPrefix: Native };
  readonly Tree: { readonly lookup: Native };
  readonly Blob: { readonly lookup: Native };
  readonly Oid: Nodegit['Oid'];
}

/** Throws when the binding was not built for this version of Node. */
export function loadNative(): Nodegit {
  const require = createRequire(import.meta.url);
  return bind(require('nodegit/build/Release/nodegit.node') as NativeBinding);
}

function bind(native: NativeBinding): Nodegit {
  const { Repository, Remote, Commit, Tree, Blob } = native;
  const remoteCalls = {
    connect: promised(Remote.prototype.connect),
    referenceList: promised(Remote.prototype.referenceList),
    disconnect: promised(Remote.prototype.disconnect),
    fetch: promised(Remote.prototype.fetch),
  };
  const wrapRemote = (remote: object): NgRemote => ({
    connect: (direction, callbacks, headers) =>
      remoteCalls.connect.call(remote, direction, callbacks, {}, headers) as Promise<void>,
    referenceList: () => remoteCalls.referenceList.call(remote) as Promise<readonly NgRemoteHead[]>,
    disconnect: () => remoteCalls.disconnect.call(remote) as Promise<void>,
    fetch: (refspecs, options, message) => remoteCalls.fetch.call(remote, refspecs, options, message) as Promise<void>,
  });
  const createAnonymous = promised(Remote.createAnonymous);
  const lookupTree = promised(Tree.lookup);
  const lookupBlob = promised(Blob.lookup);
  return {
    Repository: {
      init: promised(Repository.init) as (path: string, bare: number) => Promise<NgRepository>,
      openBare: promised(Repository.openBare) as (path: string) => Promise<NgRepository>,
    },
    Remote: {
      createAnonymous: async (repository, url) => wrapRemote((await createAnonymous(repository, url)) as object),
    },
    Credential: {
      userpassPlaintextNew: (username, password) => native.Credential.userpassPlaintextNew(username, password),
      sshKeyMemoryNew: promised(native.Credential.sshKeyMemoryNew),
    },
    Commit: {
      lookup: promised(Commit.lookup) as Nodegit['Commit']['lookup'],
      lookupPrefix: promised(Commit.lookupPrefix) as (...parts: unknown[]) => Promise<NgCommit>,
    },
    Tree: { lookup: async (repository, oid) => wrapTree((await lookupTree(repository, oid)) as NativeTree) },
    Blob: { lookup: async (repository, oid) => wrapBlob((await lookupBlob(repository, oid)) as NativeBlob) },
    Oid: native.Oid,
  };
}

/** Native functions take a callback as the last argument; `this` is kept. */
function promised(native: Native): (this: unknown, ...parts: unknown[]) => Promise<unknown> {
  return promisify(native as (...parts: [...unknown[], Callback<unknown>]) => void) as (
    ...parts: unknown[]
  ) => Promise<unknown>;
}

function wrapTree(tree: NativeTree): NgTree {
  return {
    entries: () =>
      Array.from({ length: tree.entryCount() }, (_, index) => {
        const entry = tree._entryByIndex(index);
        return { name: entry.name(), oid: entry.id().tostrS(), mode: entry.filemode() };
      }),
  };
}

function wrapBlob(blob: NativeBlob): NgBlob {
  return { rawsize: () => blob.rawsize(), content: () => copyContent(blob) };
}

/** The binding makes its buffers with the old `Buffer()`; Node would print a warning about that, once per process. */
function copyContent(blob: NativeBlob): Buffer {
  const previous = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return blob.rawcontent().toBuffer(blob.rawsize());
  } finally {
    process.noDeprecation = previous ?? false;
  }
}
