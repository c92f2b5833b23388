/** Webhooks: the secrets of their senders (J03), limits (J06), and how refreshes are spread (J07). */
import { compact, createReader, type Parsed, type SettingsData } from './reader.js';
import { resolveSecretReference, type SecretSources } from './secret.js';

/** What senders sign or name; an absent one means that this sender's hooks are not verified, or refused where it is mandatory. */
export interface WebhookSecrets {
  /** Pushes of GitHub, and packages of GHCR. */
  readonly github?: string;
  readonly gitlab?: string;
  /** Gogs, Gitea and Forgejo. */
  readonly gogs?: string;
  readonly bitbucketServer?: string;
  readonly bitbucketUuid?: string;
  readonly azureDevOps?: { readonly username: string; readonly password: string };
  /** Mandatory: without it Harbor's hooks are refused. */
  readonly harbor?: string;
  readonly dockerHub?: string;
  /** Mandatory: without it the generic hook is refused. */
  readonly generic?: string;
}

export interface WebhookSettings extends WebhookSecrets {
  /** Own setting: senders without a secret are refused, instead of taken at their word as in Argo CD. */
  readonly requireSecret: boolean;
  readonly maxPayloadBytes: number;
  /** Deliveries that are handled at a time; more wait. */
  readonly parallelism: number;
  /** Writes to the queue at a time for one delivery. */
  readonly refreshWorkers: number;
  /** Refreshes of one delivery are spread over this time when there are `jitterThreshold` of them or more; 0: never. */
  readonly jitterMs: number;
  readonly jitterThreshold: number;
}

/** The three places that settings of webhooks are in. */
export interface WebhookSources extends SecretSources {
  readonly argocdCm: SettingsData;
  readonly argocdCmdParamsCm?: SettingsData;
}

const MEBIBYTE = 1024 * 1024;

/** The secrets are in argocd-secret, and may refer to others with `$secret:key` (F28). */
export function parseWebhookSettings(sources: WebhookSources): Parsed<WebhookSettings> {
  const reader = createReader(sources.argocdCm);
  const parameters = createReader(sources.argocdCmdParamsCm ?? {});
  const secret = (key: string) => {
    const value = sources.argocdSecret[key]?.trim();
    if (value === undefined || value === '') return undefined;
    const resolved = resolveSecretReference(value, sources);
    if (resolved === value && value.startsWith('$')) reader.problem(key, `"${value}" names no key of a Secret`);
    return resolved;
  };
  const settings: WebhookSettings = {
    ...secretsOf(secret),
    requireSecret: reader.flag('webhook.requireSecret', false),
    maxPayloadBytes: reader.count('webhook.maxPayloadSizeMB', 50, 1) * MEBIBYTE,
    parallelism: parameters.count('server.webhook.parallelism.limit', 50, 1),
    refreshWorkers: parameters.count('server.webhook.refresh.workers', 20, 1),
    jitterMs: reader.durationMs('webhook.refresh.jitter', 0),
    jitterThreshold: reader.count('webhook.refresh.jitter.threshold', 10),
  };
  return { settings, problems: [...reader.problems, ...parameters.problems] };
}

function secretsOf(secret: (key: string) => string | undefined): WebhookSecrets {
  const username = secret('webhook.azuredevops.username');
  const password = secret('webhook.azuredevops.password');
  return compact<WebhookSecrets>({
    github: secret('webhook.github.secret'),
    gitlab: secret('webhook.gitlab.secret'),
    gogs: secret('webhook.gogs.secret'),
    bitbucketServer: secret('webhook.bitbucketserver.secret'),
    bitbucketUuid: secret('webhook.bitbucket.uuid'),
    azureDevOps:
      username === undefined && password === undefined
        ? undefined
        : { username: username ?? '', password: password ?? '' },
    harbor: secret('webhook.harbor.secret'),
    dockerHub: secret('webhook.dockerhub.secret'),
    generic: secret('webhook.generic.secret'),
  });
}
