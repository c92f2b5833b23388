/** A Git server over SSH: OpenSSH's sshd with its own configuration, host key and one authorized client key. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { createBareRepository, type Files, type GitRepository } from './git-repository.js';
import { freePort, type ManagedProcess, removeDirectory, startProcess, temporaryDirectory } from './process.js';

/** A running SSH Git server. */
export interface SshGitServer {
  readonly host: string;
  readonly port: number;
  /** The login name in addresses: the user that runs the tests. */
  readonly username: string;
  /** The authorized ed25519 key in OpenSSH format. */
  readonly privateKey: string;
  readonly privateKeyPath: string;
  /** A key that the server does not accept. */
  readonly otherPrivateKey: string;
  /** Line for a known_hosts file. */
  readonly knownHosts: string;
  createRepository(name: string, files?: Files): Promise<GitRepository>;
  /** What clients of Git LFS are told: where the files are, and what opens the door. */
  answerLfs(answer: { readonly href: string; readonly header: Readonly<Record<string, string>> }): void;
  /** Commands that clients ran, such as `git-upload-pack app`. */
  commands(): readonly string[];
  stop(): Promise<void>;
}

/** Starts sshd on a free port of the loopback interface; the only thing a client may do is use the repositories. */
export async function startSshGitServer(): Promise<SshGitServer> {
  const directory = temporaryDirectory('ssh');
  const root = join(directory, 'repositories');
  mkdirSync(root);
  const port = await freePort();
  const [hostKey, clientKey, otherKey] = ['host', 'client', 'other'].map((name) => generateKey(directory, name)) as [
    Key,
    Key,
    Key,
  ];
  writeServerFiles({ directory, root, port, authorized: clientKey.publicKey });
  if (process.getuid?.() === 0) {
    // Compiled into Debian's sshd, which insists on it when root starts it.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  }
  const program = await startProcess({
    command: sshdPath(),
    args: ['-D', '-e', '-f', join(directory, 'sshd_config')],
    logFile: join(directory, 'sshd.log'),
  });
  await whenListening(port, program);
  const { username } = userInfo();
  const log = join(directory, 'commands.log');
  return {
    ...{ host: '127.0.0.1', port, username },
    privateKey: clientKey.privateKey,
    privateKeyPath: clientKey.path,
    otherPrivateKey: otherKey.privateKey,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.publicKey}`,
    createRepository: (name, files = {}) =>
      createBareRepository({ root, name, url: `ssh://${username}@127.0.0.1:${port}/${name}.git` }, files),
    answerLfs: (answer) => writeFileSync(join(directory, 'lfs.json'), JSON.stringify(answer)),
    commands: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    stop: async () => {
      await program.kill();
      removeDirectory(directory);
    },
  };
}

interface Key {
  readonly path: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

interface ServerFiles {
  readonly directory: string;
  readonly root: string;
  readonly port: number;
  readonly authorized: string;
}

function generateKey(directory: string, name: string): Key {
  const path = join(directory, `${name}_key`);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
  const [type, key] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return { path, privateKey: readFileSync(path, 'utf8'), publicKey: `${type} ${key?.trim()}` };
}

function writeServerFiles({ directory, root, port, authorized }: ServerFiles): void {
  const command = join(directory, 'command.sh');
  writeFileSync(command, forcedCommand(root, directory), { mode: 0o755 });
  writeFileSync(join(directory, 'authorized_keys'), `restrict,command="${command}" ${authorized}\n`, { mode: 0o600 });
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(directory, 'host_key')}`,
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'AcceptEnv GIT_PROTOCOL',
    'MaxStartups 100',
  ];
  writeFileSync(join(directory, 'sshd_config'), `${config.join('\n')}\n`);
}

/** Maps `git-upload-pack '/name.git'` to the folder of the repositories and logs it; refuses anything else. */
function forcedCommand(root: string, directory: string): string {
  const log = join(directory, 'commands.log');
  return `#!/bin/sh
service=\${SSH_ORIGINAL_COMMAND%% *}
path=$(printf %s "\${SSH_ORIGINAL_COMMAND#* }" | tr -d "'")
path=\${path#/}
name=\${path%.git}
case "$service" in
  git-upload-pack | git-receive-pack) ;;
  git-lfs-authenticate) echo "$service $path" >> '${log}'; exec cat '${directory}/lfs.json' ;;
  *) echo "only git is allowed" >&2; exit 1 ;;
esac
case "$name" in *..*) exit 1 ;; esac
echo "$service $name" >> '${log}'
exec "$service" '${root}'/"$name".git
`;
}

function sshdPath(): string {
  const path = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new Error('sshd is not installed; run "npm run bootstrap"');
  }
  return path;
}

async function whenListening(port: number, program: ManagedProcess): Promise<void> {
  const attempt = () =>
    new Promise<void>((resolve, reject) => {
      if (!program.isRunning()) {
        reject(new Error(`sshd has ended\n${program.logTail()}`));
        return;
      }
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(void socket.destroy()));
      socket.once('error', reject);
    });
  await eventually(attempt, { description: 'sshd', timeoutMs: 10_000, intervalMs: 10 });
}
