/** Step: `node_modules` as package-lock.json says, with nodegit's compiled binary taken from (or put into) the cache. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, hashFiles, nodeAbi, npmEnv, root } from './paths.mjs';
import { run, say } from './run.mjs';

const LOCK_FILE = join(root, 'package-lock.json');
const STAMP_FILE = join(root, 'node_modules', '.tiphys-bootstrap');
const NODEGIT_BINARY = join('build', 'Release', 'nodegit.node');

export const npmStep = {
  title: 'npm packages',
  isReady: () => readIfThere(STAMP_FILE) === currentStamp() && !lostNodegitBinary(),
  run: install,
};

/** Changes with the lockfile, the platform and the Node that native modules are compiled for. */
function currentStamp() {
  return `${hashFiles([LOCK_FILE])} abi${nodeAbi}`;
}

/** An `npm install` by hand may reinstall nodegit without its binary. */
function lostNodegitBinary() {
  const folder = join(root, 'node_modules', 'nodegit');
  return existsSync(folder) && !existsSync(join(folder, NODEGIT_BINARY));
}

async function install() {
  const lock = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
  const npm = (args, title, more) => run('npm', args, { title, cwd: root, env: npmEnv(), ...more });
  if (installedAsLocked(lock)) {
    say('  node_modules already matches package-lock.json');
  } else {
    // Not `npm ci`: it insists on lock entries for the optional packages of every platform, which a registry mirror may not have.
    await npm(
      ['install', '--no-save', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'],
      'npm install',
    );
    if (!installedAsLocked(lock)) {
      throw new Error('package.json and package-lock.json disagree; run "npm install" and commit package-lock.json');
    }
  }
  const scripted = Object.entries(lock.packages).filter(
    ([path, entry]) => entry.hasInstallScript && existsSync(join(root, path)),
  );
  const nodegits = scripted.filter(([path]) => packageName(path) === 'nodegit');
  const others = scripted.filter(([path]) => packageName(path) !== 'nodegit');
  if (others.length > 0) {
    await npm(['rebuild', ...new Set(others.map(([path]) => packageName(path)))], 'npm rebuild');
  }
  for (const [path, { version }] of nodegits) {
    await provideNodegit({ folder: join(root, path), version, npm });
  }
  writeFileSync(STAMP_FILE, currentStamp());
}

/** True when npm's own record of what is installed has the very versions of the lockfile (after an `npm install` by hand). */
function installedAsLocked(lock) {
  const text = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (text === undefined) {
    return false;
  }
  const installed = JSON.parse(text).packages;
  const isDependency = (path) => path.includes('node_modules/');
  const wanted = Object.entries(lock.packages).filter(([path]) => isDependency(path));
  const isInstalled = ([path, entry]) => {
    const present = installed[path];
    const isThere = present !== undefined && existsSync(join(root, path));
    return isThere ? present.version === entry.version : entry.optional === true || entry.peer === true;
  };
  const isExpected = ([path, entry]) => path in lock.packages || entry.optional === true;
  return wanted.every(isInstalled) && Object.entries(installed).every(isExpected);
}

/** nodegit compiles for five minutes, so its binary is kept per user, keyed by its version and the Node ABI. */
async function provideNodegit({ folder, version, npm }) {
  const cached = join(cacheDir, `nodegit-${version}-${process.platform}-${process.arch}-abi${nodeAbi}`, 'nodegit.node');
  const binary = join(folder, NODEGIT_BINARY);
  if (!existsSync(cached)) {
    say(`  compiling nodegit ${version} (about 6 minutes on two cores, once per machine)`);
    const progress = { count: /\b(CC|CXX)\(target\)/, unit: 'files' };
    await npm(['rebuild', 'nodegit', '--foreground-scripts'], 'compile nodegit', progress);
    if (!existsSync(binary)) {
      throw new Error(`nodegit compiled, but ${binary} is not there`);
    }
    copyAtomically(binary, cached);
  } else if (!existsSync(binary)) {
    copyAtomically(cached, binary);
  }
}

function copyAtomically(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.tmp`);
  renameSync(`${to}.tmp`, to);
}

function packageName(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
