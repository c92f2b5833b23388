/** Bare Git repositories that tests write commits to, through `git fast-import`: no work tree is left anywhere. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Content of a file; null removes it; a submodule is the commit of another repository. */
export type FileContent =
  | string
  | Uint8Array
  | null
  | { readonly symlink: string }
  | { readonly executable: string }
  | { readonly submodule: string };
/** Path in the repository to content. */
export type Files = Readonly<Record<string, FileContent>>;

/** Where and how to commit. */
export interface CommitOptions {
  readonly message?: string;
  /** Default `main`; created from nothing when it does not exist. */
  readonly branch?: string;
  /** `Name <mail>`. */
  readonly author?: string;
}

/** A repository on a test server. */
export interface GitRepository {
  readonly name: string;
  /** Address to fetch from. */
  readonly url: string;
  /** The bare repository on disk. */
  readonly directory: string;
  /** Commits changes on top of a branch and returns the SHA. */
  commit(files: Files, options?: CommitOptions): Promise<string>;
  /** Creates or moves a branch to a revision (default `main`); moving it anywhere is a force push. */
  branch(name: string, revision?: string): Promise<string>;
  /** Makes a tag at a revision (default `main`): annotated when there is a message. Moves an existing one. */
  tag(name: string, revision?: string, message?: string): Promise<string>;
  /** Deletes a ref by its full name. */
  deleteRef(ref: string): Promise<void>;
  /** SHA of the commit that a revision names (default `main`). */
  head(revision?: string): Promise<string>;
  /** Runs any git command in the bare repository; returns its trimmed output. */
  git(...args: string[]): Promise<string>;
}

const IDENTITY = 'Tiphys Test <test@tiphys.invalid>';
const GIT_ENV = {
  ...process.env,
  ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  ...{ GIT_COMMITTER_NAME: 'Tiphys Test', GIT_COMMITTER_EMAIL: 'test@tiphys.invalid' },
};

/** What every server needs to make a repository. */
export interface RepositoryLocation {
  /** Folder that holds the bare repositories. */
  readonly root: string;
  /** Name without `.git`; may contain slashes. */
  readonly name: string;
  readonly url: string;
}

/** Creates `<root>/<name>.git` with one commit of `files`, or empty when there are none. */
export async function createBareRepository(location: RepositoryLocation, files: Files): Promise<GitRepository> {
  const directory = join(location.root, `${location.name}.git`);
  mkdirSync(directory, { recursive: true });
  const git = (...args: string[]) => runGit(directory, args);
  await git('init', '--quiet', '--bare', '--initial-branch=main');
  // What hosting services allow: push over HTTP, fetch of any commit, partial clones.
  const config = {
    'http.receivepack': true,
    'uploadpack.allowAnySHA1InWant': true,
    'uploadpack.allowFilter': true,
    'gc.auto': 0,
  };
  for (const [key, value] of Object.entries(config)) {
    await git('config', key, String(value));
  }
  const head = (revision = 'main') => git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`);
  const updateRef = async (ref: string, revision?: string) => {
    const sha = await head(revision);
    await git('update-ref', ref, sha);
    return sha;
  };
  const repository: GitRepository = {
    ...{ name: location.name, url: location.url, directory, git, head },
    commit: (changes, options = {}) => importCommit(directory, changes, options),
    branch: (name, revision) => updateRef(`refs/heads/${name}`, revision),
    tag: async (name, revision, message) => {
      if (message === undefined) {
        return updateRef(`refs/tags/${name}`, revision);
      }
      await git('tag', '--force', '--annotate', '--message', message, name, await head(revision));
      return head(revision);
    },
    deleteRef: async (ref) => {
      await git('update-ref', '-d', ref);
    },
  };
  if (Object.keys(files).length > 0) {
    await repository.commit(files, { message: 'first commit' });
  }
  return repository;
}

/** Reads a folder of the local disk as the files of a commit. */
export function filesOf(directory: string, prefix = ''): Files {
  const files: Record<string, FileContent> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files[join(prefix, path.slice(directory.length + 1))] = readFileSync(path);
    }
  }
  return files;
}

async function importCommit(directory: string, files: Files, options: CommitOptions): Promise<string> {
  const { message = 'change', branch = 'main', author = IDENTITY } = options;
  const ref = `refs/heads/${branch}`;
  const exists = (await runGit(directory, ['for-each-ref', '--format=%(objectname)', ref])) !== '';
  const now = `${Math.floor(Date.now() / 1000)} +0000`;
  const stream: Uint8Array[] = [
    ...[`commit ${ref}\nmark :1\nauthor ${author} ${now}\ncommitter ${IDENTITY} ${now}\n`].map(encode),
    ...dataOf(message),
    encode(exists ? `from ${ref}^0\n` : ''),
    ...Object.entries(files).flatMap(([path, content]) => changeOf(path, content)),
    encode('\nget-mark :1\ndone\n'),
  ];
  return runGit(directory, ['fast-import', '--quiet', '--done', '--force'], Buffer.concat(stream));
}

function changeOf(path: string, content: FileContent): Uint8Array[] {
  const quoted = `"${path.replace(/(["\\])/g, '\\$1')}"`;
  if (content === null) {
    return [encode(`D ${quoted}\n`)];
  }
  if (typeof content === 'object' && 'submodule' in content) {
    return [encode(`M 160000 ${content.submodule} ${quoted}\n`)];
  }
  const [mode, data] = modeAndData(content);
  return [encode(`M ${mode} inline ${quoted}\n`), ...dataOf(data)];
}

function modeAndData(
  content: Exclude<FileContent, null | { readonly submodule: string }>,
): [string, string | Uint8Array] {
  if (typeof content === 'string' || content instanceof Uint8Array) {
    return ['100644', content];
  }
  return 'symlink' in content ? ['120000', content.symlink] : ['100755', content.executable];
}

function dataOf(content: string | Uint8Array): Uint8Array[] {
  const bytes = typeof content === 'string' ? encode(content) : content;
  return [encode(`data ${bytes.length}\n`), bytes, encode('\n')];
}

function encode(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Runs git in a bare repository, without the user's configuration. */
async function runGit(directory: string, args: readonly string[], input?: Uint8Array): Promise<string> {
  const child = spawn('git', ['--git-dir', directory, ...args], { env: GIT_ENV, stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString().trimEnd();
      const failure = `git ${args.join(' ')}: exit ${code}: ${Buffer.concat(errors).toString()}`;
      return code === 0 ? resolve(text) : reject(new Error(failure));
    });
  });
}
