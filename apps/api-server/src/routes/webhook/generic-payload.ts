/**
 * The generic hook, for senders that have none of their own: a CI job, a mirror, another registry.
 *
 *     {"repoURL": "https://git.example.com/org/repo.git", "ref": "refs/heads/main", "commit": "…", "before": "…",
 *      "defaultBranch": "main", "changedFiles": ["web/a.yaml"]}
 *     {"image": "registry.example.com/org/name", "tag": "1.2.3", "digest": "sha256:…"}
 *     {"repoURL": "https://charts.example.com", "chart": "web", "tag": "1.2.3"}
 */
import type { Push, RegistryPush, WebhookEvent } from './events.js';
import { malformed, objectIds, optionalText, type Payload, textAt } from './payload.js';
import { pushOf } from './registry-payloads.js';

export function genericEvent(payload: Payload): readonly WebhookEvent[] {
  const isArtifact = ['image', 'chart', 'tag', 'digest'].some((name) => payload[name] !== undefined);
  return isArtifact ? artifact(payload) : [push(payload)];
}

function artifact(payload: Payload): readonly RegistryPush[] {
  const image = optionalText(payload, 'image');
  const [, name = image ?? '', tagOfImage] = /^(.+?)(?::([\w][\w.-]*))?(?:@sha256:[0-9a-f]+)?$/.exec(image ?? '') ?? [];
  const repository = image === undefined ? repositoryOf(payload) : name;
  const chart = optionalText(payload, 'chart');
  const address = chart === undefined ? repository : `${repository.replace(/\/+$/, '')}/${chart}`;
  const tag = optionalText(payload, 'tag') ?? tagOfImage;
  const digest = optionalText(payload, 'digest') ?? /sha256:[0-9a-f]{64}$/.exec(image ?? '')?.[0];
  const pushes = pushOf(address, { tag, digest });
  if (pushes.length === 0) throw malformed('tag or digest');
  return pushes;
}

function push(payload: Payload): Push {
  const repository = repositoryOf(payload);
  const revision = optionalText(payload, 'revision');
  const [revisionId] = objectIds(revision);
  const ref = optionalText(payload, 'ref') ?? (revisionId === undefined ? revision : undefined);
  if (ref === undefined) throw malformed('ref');
  return {
    kind: 'push',
    repositoryUrls: [repository],
    ref,
    defaultBranch: optionalText(payload, 'defaultBranch'),
    changedFiles: changedFiles(payload['changedFiles']),
    before: objectIds(optionalText(payload, 'before'))[0],
    after: objectIds(optionalText(payload, 'commit'), optionalText(payload, 'after'), revision),
  };
}

function repositoryOf(payload: Payload): string {
  return optionalText(payload, 'repoURL') ?? textAt(payload, 'repository');
}

function changedFiles(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((file): file is string => typeof file === 'string')) {
    throw malformed('changedFiles');
  }
  return value;
}
