/** What bootstrap installs and where it keeps it: pinned versions, the per-user cache and the repository's root. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Node release that everything runs on; machines with an older one get this from npm. */
export const NODE_VERSION = '24.21.0';
/** NODE_MODULE_VERSION of that major release: part of the key of cached native binaries. */
export const NODE_ABI = '137';

/** Root of the checkout that this script belongs to. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/** Per-user cache; survives `git clean` and is shared by all checkouts. */
export const cacheDir =
  process.env.TIPHYS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tiphys');

const platform = `${process.platform}-${process.arch}`;
/** Folder of the cached Node package: `bin/node`, `include/node`. */
export const cachedNodeDir = join(cacheDir, `node-${NODE_VERSION}-${platform}`);
/** Name of the npm package with the Node binary for this platform. */
export const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** True when the Node that runs this script is new enough to run everything. */
export const machineNodeIsEnough = Number(process.versions.node.split('.')[0]) >= Number(NODE_VERSION.split('.')[0]);
/** The folder to put first on PATH to get the right `node`; undefined when the machine's own is fine. */
export const nodeBinDir = machineNodeIsEnough ? undefined : join(cachedNodeDir, 'bin');
/** The ABI version of the Node that runs the project. */
export const nodeAbi = machineNodeIsEnough ? process.versions.modules : NODE_ABI;

const goModuleDir = join(root, 'tools', 'local-cluster');
/** Source folder of the Go module, and the folder its binaries are built into (keyed by its contents). */
export const goTools = {
  source: goModuleDir,
  get bin() {
    return join(
      cacheDir,
      `tools-${hashFiles([join(goModuleDir, 'go.mod'), join(goModuleDir, 'go.sum'), ...goFiles()])}`,
      'bin',
    );
  },
};

/** Python environment of Schemathesis, keyed by what it holds. */
export const schemathesisDir = join(
  cacheDir,
  `schemathesis-${hashFiles([join(root, 'tools', 'schemathesis', 'requirements.txt')])}`,
);

const dexModuleDir = join(root, 'tools', 'dex');
/** The Go module of Dex, which only tests use, and the folder that it is built into with its web pages. */
export const dexTools = {
  source: dexModuleDir,
  get bin() {
    const files = ['go.mod', 'go.sum', 'main.go'].map((name) => join(dexModuleDir, name));
    return join(cacheDir, `tools-dex-${hashFiles(files)}`, 'bin');
  },
};

/** All sources of the Go module, in a fixed order. */
function goFiles() {
  const names = readdirSync(goModuleDir, { recursive: true }).map(String);
  return names
    .filter((name) => name.endsWith('.go'))
    .sort()
    .map((name) => join(goModuleDir, name));
}

/** Short content hash of some files and of the platform. */
export function hashFiles(files) {
  const hash = createHash('sha256').update(platform);
  for (const file of files) {
    hash.update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** The environment in which every command of the project runs. */
export function projectEnv() {
  const tools = goTools.bin;
  const path = [nodeBinDir, join(root, 'node_modules', '.bin'), tools, process.env.PATH]
    .filter(Boolean)
    .join(delimiter);
  const schemathesis = join(schemathesisDir, 'bin', 'schemathesis');
  return {
    ...{ ...process.env, PATH: path, TIPHYS_TOOLS: tools, TIPHYS_CACHE: cacheDir, TIPHYS_TEST_TOOLS: dexTools.bin },
    TIPHYS_SCHEMATHESIS: schemathesis,
  };
}

/** projectEnv plus what npm and node-gyp need to compile native modules against the right Node, on all cores. */
export function npmEnv() {
  const nodedir = machineNodeIsEnough ? {} : { npm_config_nodedir: cachedNodeDir };
  // BUILD_ONLY: nodegit must not look for a prebuilt binary on a host we do not know.
  return { ...projectEnv(), ...nodedir, JOBS: 'max', npm_config_jobs: 'max', BUILD_ONLY: 'true' };
}
