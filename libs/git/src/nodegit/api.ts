/** The part of nodegit (libgit2 1.9) that is used, typed by hand, and its one-time loading. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadNative } from './native.js';

export interface NgOid {
  tostrS(): string;
}
export interface NgRemoteHead {
  name(): string;
  oid(): NgOid;
  symrefTarget(): string | null;
}
export interface NgCallbacks {
  readonly credentials?: (url: string, user: string) => unknown;
  readonly certificateCheck?: () => number;
}
export interface NgFetchOptions {
  readonly callbacks: NgCallbacks;
  readonly customHeaders?: readonly string[];
  readonly prune: number;
  readonly downloadTags: number;
}
export interface NgRemote {
  connect(direction: number, callbacks: NgCallbacks, headers: readonly string[]): Promise<void>;
  referenceList(): Promise<readonly NgRemoteHead[]>;
  disconnect(): Promise<void>;
  fetch(refspecs: readonly string[], options: NgFetchOptions, message: string): Promise<void>;
}
export interface NgTreeEntry {
  readonly name: string;
  readonly oid: string;
  readonly mode: number;
}
export interface NgTree {
  entries(): readonly NgTreeEntry[];
}
export interface NgBlob {
  rawsize(): number;
  content(): Buffer;
}
export interface NgSignature {
  name(): string;
  email(): string;
}
export interface NgCommit {
  id(): NgOid;
  treeId(): NgOid;
  author(): NgSignature;
  message(): string;
  /** Seconds since 1970. */
  time(): number;
}
export interface NgRepository {
  readonly __type?: 'repository';
}
export interface Nodegit {
  readonly Repository: {
    init(path: string, bare: number): Promise<NgRepository>;
    openBare(path: string): Promise<NgRepository>;
  };
  readonly Remote: {
    createAnonymous(repository: NgRepository, url: string): Promise<NgRemote>;
  };
  readonly Credential: {
    userpassPlaintextNew(username: string, password: string): unknown;
    /** A promise, which the credentials callback may return as it is. */
    sshKeyMemoryNew(username: string, publicKey: string, privateKey: string, passphrase: string): unknown;
  };
  readonly Commit: {
    lookup(repository: NgRepository, oid: NgOid): Promise<NgCommit>;
    lookupPrefix(repository: NgRepository, oid: NgOid, length: number): Promise<NgCommit>;
  };
  readonly Tree: { lookup(repository: NgRepository, oid: NgOid): Promise<NgTree> };
  readonly Blob: { lookup(repository: NgRepository, oid: NgOid): Promise<NgBlob> };
  readonly Oid: { fromString(hex: string): NgOid };
}

export interface NodegitOptions {
  /** Home folder that libgit2 uses: `.ssh/known_hosts` in it is written by us, and no user's Git configuration is read. */
  readonly homeDirectory: string;
  /** PEM bundle of trusted authorities; default `SSL_CERT_FILE`, else the system's. */
  readonly caFile?: string;
}

export interface LoadedNodegit {
  readonly nodegit: Nodegit;
  /** The home folder of the first load: libgit2 reads it once per process. */
  readonly homeDirectory: string;
}

const SYSTEM_CA_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

let loaded: LoadedNodegit | undefined;

/**
 * Loads the native module. libgit2 reads HOME and SSL_CERT_FILE from the environment when it is loaded and has no other
 * way to be told, so they are set here; a second call in the same process gets what the first one loaded.
 */
export function loadNodegit(options: NodegitOptions): LoadedNodegit {
  if (loaded !== undefined) return loaded;
  mkdirSync(join(options.homeDirectory, '.ssh'), { recursive: true, mode: 0o700 });
  const caFile = options.caFile ?? SYSTEM_CA_FILES.find((file) => existsSync(file));
  const nodegit = withEnvironment(options.homeDirectory, caFile, loadNative);
  loaded = { nodegit, homeDirectory: options.homeDirectory };
  return loaded;
}

function withEnvironment<T>(home: string, caFile: string | undefined, load: () => T): T {
  // eslint-disable-next-line no-restricted-syntax -- written for libgit2, never read as configuration
  const env = process.env;
  const previousHome = env['HOME'];
  env['HOME'] = home;
  if (caFile !== undefined) env['SSL_CERT_FILE'] ??= caFile;
  try {
    return load();
  } finally {
    if (previousHome === undefined) delete env['HOME'];
    else env['HOME'] = previousHome;
  }
}
