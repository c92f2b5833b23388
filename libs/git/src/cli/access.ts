/** Credentials, certificates and proxy of a repository as settings of the git program; secrets never appear in its arguments. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseGitUrl } from '../git-url.js';
import { headersFor } from '../nodegit/transport.js';
import type { GitCredentials, GitRemote } from '../ports.js';

export interface AccessOptions {
  /** Folder for the files of one command; they are gone when it ends. */
  readonly workDirectory: string;
  readonly allowFile: boolean;
}

/** Runs the task with the environment that gives git access to the remote. */
export async function withAccess<T>(
  remote: GitRemote,
  options: AccessOptions,
  task: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  await mkdir(options.workDirectory, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(options.workDirectory, 'git-'));
  try {
    const { protocol } = parseGitUrl(remote.url, { allowFile: options.allowFile });
    const access = protocol === 'ssh' ? await sshAccess(remote, directory) : await httpAccess(remote, directory);
    const protocols = ['http', 'https', 'ssh', ...(options.allowFile ? ['file'] : [])];
    return await task({ ...access, HOME: directory, GIT_ALLOW_PROTOCOL: protocols.join(':') });
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Setting = readonly [key: string, value: string];

async function httpAccess({ url, credentials }: GitRemote, directory: string): Promise<Record<string, string>> {
  // As Argo CD (G14): what is known about one host says nothing about another.
  const settings: Setting[] = [['http.followRedirects', 'false']];
  const file = async (key: string, name: string, content: string | undefined): Promise<void> => {
    if (content === undefined) return;
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    settings.push([key, path]);
  };
  await file('http.sslCAInfo', 'ca.pem', credentials.tlsCaData);
  await file('http.sslCert', 'client.crt', credentials.tlsClientCertData);
  await file('http.sslKey', 'client.key', credentials.tlsClientCertKey);
  if (credentials.insecure === true) settings.push(['http.sslVerify', 'false']);
  if (credentials.proxy !== undefined) settings.push(['http.proxy', credentials.proxy]);
  for (const header of headersFor(credentials)) settings.push(['http.extraHeader', header]);
  return { ...login(url, credentials, settings), ...noProxy(credentials), ...configEnv(settings) };
}

/** The helper answers for this host only: a redirect to another one gets nothing. */
function login(url: string, { username, password }: GitCredentials, settings: Setting[]): Record<string, string> {
  if (!URL.canParse(url) || (username === undefined && password === undefined)) return {};
  const { protocol, host } = new URL(url);
  const helper = '!f() { printf "username=%s\\npassword=%s\\n" "$TIPHYS_GIT_USERNAME" "$TIPHYS_GIT_PASSWORD"; }; f';
  settings.push([`credential.${protocol}//${host}.helper`, helper]);
  return { TIPHYS_GIT_USERNAME: username ?? 'git', TIPHYS_GIT_PASSWORD: password ?? '' };
}

function noProxy({ noProxy: hosts }: GitCredentials): Record<string, string> {
  return hosts === undefined ? {} : { NO_PROXY: hosts, no_proxy: hosts };
}

/** Settings in the environment, where other users of the machine cannot see them. */
function configEnv(settings: readonly Setting[]): Record<string, string> {
  const pairs = settings.flatMap(([key, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}

async function sshAccess(remote: GitRemote, directory: string): Promise<Record<string, string>> {
  const args = await sshArguments(remote, directory);
  return { GIT_SSH_COMMAND: `ssh ${args.join(' ')}`, GIT_SSH_VARIANT: 'ssh' };
}

/** Of the ssh program: the key and the hosts that it may talk to, as files in the folder. */
export async function sshArguments({ credentials }: GitRemote, directory: string): Promise<readonly string[]> {
  const key = join(directory, 'key');
  const knownHosts = join(directory, 'known_hosts');
  const text = credentials.sshPrivateKey ?? '';
  await writeFile(key, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
  await writeFile(knownHosts, credentials.sshKnownHosts ?? '', { mode: 0o600 });
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'ConnectTimeout=20',
    `StrictHostKeyChecking=${credentials.insecure === true ? 'no' : 'yes'}`,
    `UserKnownHostsFile=${credentials.insecure === true ? '/dev/null' : knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
  ];
  return ['-F', '/dev/null', '-i', key, ...options.flatMap((option) => ['-o', option])];
}
