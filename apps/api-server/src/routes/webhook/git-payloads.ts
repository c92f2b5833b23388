/** The push payloads of the Git hosts (J01) as one kind of value. */
import type { Push } from './events.js';
import {
  isRecord,
  listAt,
  objectIds,
  optionalRecord,
  optionalText,
  optionalTexts,
  type Payload,
  recordAt,
  textAt,
  textsAt,
} from './payload.js';

/** GitHub lists no more commits than this. */
const GITHUB_MAX_COMMITS = 2_048;

/** GitHub, Gitea, Gogs and Forgejo. */
export function gitHubPush(payload: Payload): readonly Push[] {
  const repository = recordAt(payload, 'repository');
  const headCommit = optionalText(optionalRecord(payload, 'head_commit'), 'id');
  return [
    {
      kind: 'push',
      repositoryUrls: textsAt(repository, ['html_url', 'clone_url', 'ssh_url', 'git_url', 'url']),
      ref: textAt(payload, 'ref'),
      defaultBranch: optionalText(repository, 'default_branch'),
      // What a forced push drops is in none of its commits.
      changedFiles: payload['forced'] === true ? undefined : changedFiles(payload),
      ...movedTo(payload, headCommit),
    },
  ];
}

/** Pushes, tag pushes, and the system hook `repository_update`, which names several refs. */
export function gitLabPush(payload: Payload): readonly Push[] {
  const project = recordAt(payload, 'project');
  const common = {
    kind: 'push',
    repositoryUrls: textsAt(project, ['web_url', 'git_http_url', 'git_ssh_url', 'http_url', 'ssh_url']),
    defaultBranch: optionalText(project, 'default_branch'),
  } as const;
  if (payload['event_name'] === 'repository_update') {
    return listAt(payload, 'changes').map((change) => ({
      ...{ ...common, changedFiles: undefined, ref: textAt(change, 'ref') },
      ...movedTo(change),
    }));
  }
  const moved = movedTo(payload, optionalText(payload, 'checkout_sha'));
  return [{ ...common, ...moved, ref: textAt(payload, 'ref'), changedFiles: changedFiles(payload) }];
}

export function bitbucketCloudPush(payload: Payload): readonly Push[] {
  const repository = recordAt(payload, 'repository');
  const fullName = optionalText(repository, 'full_name');
  const link = optionalText(optionalRecord(optionalRecord(repository, 'links'), 'html'), 'href');
  const repositoryUrls = [
    ...(link === undefined ? [] : [link]),
    ...(fullName === undefined ? [] : [`https://bitbucket.org/${fullName}`]),
  ];
  if (repositoryUrls.length === 0) textAt(repository, 'full_name');
  const defaultBranch = optionalText(optionalRecord(repository, 'mainbranch'), 'name');
  return listAt(recordAt(payload, 'push'), 'changes').flatMap((change): readonly Push[] => {
    const [next, previous] = [change['new'], change['old']];
    const state = isRecord(next) ? next : previous;
    if (!isRecord(state)) return [];
    const kind = /tag$/.test(optionalText(state, 'type') ?? '') ? 'tags' : 'heads';
    return [
      {
        ...{ kind: 'push', repositoryUrls, defaultBranch, changedFiles: undefined },
        ref: `refs/${kind}/${textAt(state, 'name')}`,
        before: objectIds(targetHash(previous))[0],
        after: objectIds(targetHash(next)),
      },
    ];
  });
}

function targetHash(state: unknown): string | undefined {
  return isRecord(state) ? optionalText(optionalRecord(state, 'target'), 'hash') : undefined;
}

export function bitbucketServerPush(payload: Payload): readonly Push[] {
  const clones = listAt(recordAt(recordAt(payload, 'repository'), 'links'), 'clone');
  const repositoryUrls = clones.flatMap((link) => optionalTexts(link, ['href']));
  return listAt(payload, 'changes').map((change) => ({
    ...{ kind: 'push', repositoryUrls, defaultBranch: undefined, changedFiles: undefined },
    ref: textAt(recordAt(change, 'ref'), 'id'),
    before: objectIds(optionalText(change, 'fromHash'))[0],
    after: objectIds(optionalText(change, 'toHash')),
  }));
}

export function azureDevOpsPush(payload: Payload): readonly Push[] {
  const resource = recordAt(payload, 'resource');
  const repository = recordAt(resource, 'repository');
  const repositoryUrls = textsAt(repository, ['remoteUrl', 'webUrl', 'sshUrl']);
  const defaultBranch = optionalText(repository, 'defaultBranch')?.replace('refs/heads/', '');
  return listAt(resource, 'refUpdates').map((update) => ({
    ...{ kind: 'push', repositoryUrls, defaultBranch, changedFiles: undefined },
    ref: textAt(update, 'name'),
    before: objectIds(optionalText(update, 'oldObjectId'))[0],
    after: objectIds(optionalText(update, 'newObjectId')),
  }));
}

/** `commit`: what an annotated tag points to, which `after` does not say. */
function movedTo(record: Payload, commit?: string): Pick<Push, 'before' | 'after'> {
  const after = objectIds(optionalText(record, 'after'));
  return {
    before: objectIds(optionalText(record, 'before'))[0],
    after: after.length === 0 ? [] : objectIds(...after, commit),
  };
}

/** Undefined when there are no commits to read files from (a new branch, a tag), or the sender left some out. */
function changedFiles(payload: Payload): readonly string[] | undefined {
  const commits: unknown = payload['commits'];
  if (!Array.isArray(commits) || commits.length === 0 || commits.length >= GITHUB_MAX_COMMITS) return undefined;
  // GitLab sends at most 20 commits, Gitea 5, and both how many there are.
  const total = payload['total_commits_count'] ?? payload['total_commits'];
  if (typeof total === 'number' && total > commits.length) return undefined;
  const files = commits.filter(isRecord).flatMap((commit) => [commit['added'], commit['modified'], commit['removed']]);
  return files.flatMap((list) => (Array.isArray(list) ? list.filter((file) => typeof file === 'string') : []));
}
