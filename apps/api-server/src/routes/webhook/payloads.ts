/** The push payloads of the Git hosts (J01) as one kind of value. Unknown shapes are refused, never guessed (S13). */
import { ApiError } from '../../errors.js';
import type { Push } from './push.js';

export type Payload = Readonly<Record<string, unknown>>;

/** GitHub, Gitea, Gogs and Forgejo. */
export function gitHubPush(payload: Payload): readonly Push[] {
  const repository = recordAt(payload, 'repository');
  return [
    {
      repositoryUrls: textsAt(repository, ['html_url', 'clone_url', 'ssh_url', 'git_url', 'url']),
      ref: textAt(payload, 'ref'),
      defaultBranch: optionalText(repository, 'default_branch'),
      changedFiles: filesOf(payload['commits']),
    },
  ];
}

export function gitLabPush(payload: Payload): readonly Push[] {
  const project = recordAt(payload, 'project');
  return [
    {
      repositoryUrls: textsAt(project, ['web_url', 'git_http_url', 'git_ssh_url', 'http_url', 'ssh_url']),
      ref: textAt(payload, 'ref'),
      defaultBranch: optionalText(project, 'default_branch'),
      changedFiles: isComplete(payload) ? filesOf(payload['commits']) : undefined,
    },
  ];
}

export function bitbucketCloudPush(payload: Payload): readonly Push[] {
  const links = recordAt(recordAt(payload, 'repository'), 'links');
  const repositoryUrls = textsAt(recordAt(links, 'html'), ['href']);
  return listAt(recordAt(payload, 'push'), 'changes').flatMap((change): readonly Push[] => {
    const state = change['new'] ?? change['old'];
    if (!isRecord(state)) return [];
    const kind = state['type'] === 'tag' ? 'tags' : 'heads';
    const ref = `refs/${kind}/${textAt(state, 'name')}`;
    return [{ repositoryUrls, ref, defaultBranch: undefined, changedFiles: undefined }];
  });
}

export function bitbucketServerPush(payload: Payload): readonly Push[] {
  const clones = listAt(recordAt(recordAt(payload, 'repository'), 'links'), 'clone');
  const repositoryUrls = clones.flatMap((link) => optionalText(link, 'href') ?? []);
  return listAt(payload, 'changes').map((change) => ({
    ...{ repositoryUrls, defaultBranch: undefined, changedFiles: undefined },
    ref: textAt(recordAt(change, 'ref'), 'id'),
  }));
}

export function azureDevOpsPush(payload: Payload): readonly Push[] {
  if (payload['eventType'] !== 'git.push') return [];
  const resource = recordAt(payload, 'resource');
  const repository = recordAt(resource, 'repository');
  const repositoryUrls = textsAt(repository, ['remoteUrl', 'webUrl', 'sshUrl']);
  const defaultBranch = optionalText(repository, 'defaultBranch')?.replace('refs/heads/', '');
  return listAt(resource, 'refUpdates').map((update) => ({
    ...{ repositoryUrls, defaultBranch, changedFiles: undefined },
    ref: textAt(update, 'name'),
  }));
}

/** GitLab sends at most 20 commits: with more, the list of files is not complete. */
function isComplete(payload: Payload): boolean {
  const total = payload['total_commits_count'];
  return !Array.isArray(payload['commits']) || typeof total !== 'number' || total <= payload['commits'].length;
}

/** Undefined when there are no commits to read files from (a new branch, a tag, a force-push). */
function filesOf(commits: unknown): readonly string[] | undefined {
  if (!Array.isArray(commits) || commits.length === 0) return undefined;
  const files = commits.filter(isRecord).flatMap((commit) => [commit['added'], commit['modified'], commit['removed']]);
  return files.flatMap((list) => (Array.isArray(list) ? list.filter((file) => typeof file === 'string') : []));
}

function textsAt(record: Payload, names: readonly string[]): readonly string[] {
  const texts = names.flatMap((name) => optionalText(record, name) ?? []);
  if (texts.length === 0) throw malformed(names.join(' or '));
  return texts;
}

function textAt(record: Payload, name: string): string {
  const value = optionalText(record, name);
  if (value === undefined) throw malformed(name);
  return value;
}

function optionalText(record: Payload, name: string): string | undefined {
  const value = record[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function recordAt(record: Payload, name: string): Payload {
  const value = record[name];
  if (!isRecord(value)) throw malformed(name);
  return value;
}

function listAt(record: Payload, name: string): readonly Payload[] {
  const value = record[name];
  if (!Array.isArray(value) || !value.every(isRecord)) throw malformed(name);
  return value;
}

function isRecord(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(field: string): ApiError {
  return new ApiError('invalidArgument', `the webhook's payload has no valid "${field}"; is it a push event?`);
}
