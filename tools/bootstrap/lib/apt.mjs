/** Step: the few system packages that npm cannot bring. Installed by apt where there is apt; otherwise named. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './run.mjs';
import { isSchemathesisReady, pythonHasVenv } from './schemathesis.mjs';

/** `probe`: a command or a file that proves the package is there, or a question. */
const PACKAGES = [
  { name: 'git', probe: 'git' },
  { name: 'ca-certificates', probe: '/etc/ssl/certs' },
  { name: 'g++', probe: 'g++' },
  { name: 'make', probe: 'make' },
  { name: 'python3', probe: 'python3' },
  { name: 'python3-venv', probe: () => isSchemathesisReady() || pythonHasVenv() },
  { name: 'libkrb5-dev', probe: 'krb5-config' },
  { name: 'redis-server', probe: 'redis-server' },
  { name: 'openssh-server', probe: 'sshd' },
  { name: 'openssh-client', probe: 'ssh-keygen' },
  { name: 'gnupg', probe: 'gpg' },
  { name: 'chromium', probe: 'chromium' },
];

export const aptStep = {
  title: 'system packages',
  isReady: () => missing().length === 0,
  run: install,
};

function missing() {
  return PACKAGES.filter((wanted) => !isPresent(wanted.probe)).map((wanted) => wanted.name);
}

function isPresent(probe) {
  if (typeof probe === 'function') {
    return probe();
  }
  if (probe.startsWith('/')) {
    return existsSync(probe);
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(join(folder, probe)));
}

/** Debian starts a service when it is installed; we start our own on free ports, so that is forbidden meanwhile. */
const INSTALL_SCRIPT = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -q --no-install-recommends "$@"
`;

async function install() {
  const names = missing();
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`no apt-get on this machine; install by hand (names as in Debian): ${names.join(' ')}`);
  }
  say(`  missing: ${names.join(' ')}`);
  const asRoot = (args, title) => {
    const [command, ...rest] = [...sudo(), ...args];
    return run(command, rest, { title, env: process.env });
  };
  try {
    await asRoot(['apt-get', 'update', '-q'], 'apt-get update');
    await asRoot(['sh', '-c', INSTALL_SCRIPT, 'sh', ...names], 'apt-get install');
  } catch (error) {
    throw new Error(`${error.message}\ninstall by hand: sudo apt-get install ${names.join(' ')}`);
  }
  const left = missing();
  if (left.length > 0) {
    throw new Error(`apt installed them, but these are still not found: ${left.join(' ')}`);
  }
}

/** sudo may ask for a password only where somebody can answer. */
function sudo() {
  if (process.getuid() === 0) {
    return [];
  }
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}
