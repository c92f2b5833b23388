/** Step: the few system packages that npm cannot bring. Installed by apt where there is apt; otherwise named. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './run.mjs';

/** `probe`: a command or a file that proves the package is there. */
const PACKAGES = [
  { name: 'git', probe: 'git' },
  { name: 'ca-certificates', probe: '/etc/ssl/certs' },
  { name: 'g++', probe: 'g++' },
  { name: 'make', probe: 'make' },
  { name: 'python3', probe: 'python3' },
  { name: 'libkrb5-dev', probe: 'krb5-config' },
  { name: 'redis-server', probe: 'redis-server' },
  { name: 'openssh-server', probe: 'sshd' },
  { name: 'openssh-client', probe: 'ssh-keygen' },
];

const POLICY_FILE = '/usr/sbin/policy-rc.d';

export const aptStep = {
  title: 'system packages',
  isReady: () => missing().length === 0,
  run: install,
};

function missing() {
  return PACKAGES.filter((wanted) => !isPresent(wanted.probe)).map((wanted) => wanted.name);
}

function isPresent(probe) {
  if (probe.startsWith('/')) {
    return existsSync(probe);
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(join(folder, probe)));
}

async function install() {
  const names = missing();
  const byHand = `install by hand: ${names.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`no apt-get on this machine; ${byHand} (names as in Debian)`);
  }
  say(`  missing: ${names.join(' ')}`);
  const isRoot = process.getuid() === 0;
  const sudo = isRoot ? [] : ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive'];
  const apt = (args, title) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args];
    return run(command, rest, { title, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  try {
    await apt(['update', '-q'], 'apt-get update');
    await withoutServices(isRoot, () =>
      apt(['install', '-y', '-q', '--no-install-recommends', ...names], 'apt-get install'),
    );
  } catch (error) {
    throw new Error(`${error.message}\n${byHand}, for example: sudo apt-get install ${names.join(' ')}`);
  }
}

/** Debian starts a service on installation; we start our own on free ports, so forbid that while apt runs. */
async function withoutServices(isRoot, work) {
  if (!isRoot || existsSync(POLICY_FILE)) {
    return work();
  }
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(POLICY_FILE, { force: true });
  }
}
