/** Sample deliveries of every sender (testdata/), written after the shapes that the senders document, and how each is signed. */
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebhookSecrets } from '@tiphys/settings';
import type { WebhookEvent } from '../events.js';
import type { WebhookRequest } from '../provider.js';

export interface SampleDelivery {
  readonly name: string;
  readonly provider: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly expected: { readonly status: string; readonly events?: readonly WebhookEvent[] };
}

type Stored = Omit<SampleDelivery, 'name' | 'provider' | 'query'> & Partial<Pick<SampleDelivery, 'query'>>;

export const SECRET = 'a-webhook-secret';

/** Those that the samples are signed with. */
export const SECRETS: WebhookSecrets = {
  ...{ github: SECRET, gitlab: SECRET, gogs: SECRET, bitbucketServer: SECRET, harbor: SECRET, dockerHub: SECRET },
  bitbucketUuid: '{c2e7b9a0-0000-4000-8000-000000000001}',
  azureDevOps: { username: 'tiphys', password: SECRET },
  generic: SECRET,
};

const FOLDER = join(import.meta.dirname, '..', 'testdata');

export function sampleDeliveries(): readonly SampleDelivery[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => {
      const sample = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Stored;
      const name = file.replace('.json', '');
      return { ...sample, query: sample.query ?? {}, name, provider: providerOf(name) };
    });
}

/** One of them, by its name. */
export function sampleDelivery(name: string): SampleDelivery {
  const found = sampleDeliveries().find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`there is no sample ${name}`);
  return found;
}

function providerOf(name: string): string {
  const sender = name.split('-')[0] ?? '';
  return ['gitea', 'forgejo'].includes(sender) ? 'gogs' : sender;
}

/** The request as the sender would send it, signed with `secret`; `undefined`: with nothing. */
export function requestOf(
  sample: SampleDelivery,
  { secret, body = JSON.stringify(sample.payload) }: { readonly secret?: string | undefined; readonly body?: string },
): WebhookRequest {
  const signed = { ...sample, body: Buffer.from(body), sourceIp: '192.0.2.1' };
  const { authorization: _, ...headers } = sample.headers;
  const { secret: __, ...query } = sample.query;
  if (secret === undefined) {
    const unsigned = sample.provider === 'bitbucket' ? { ...headers, 'x-hook-uuid': '{other}' } : headers;
    return { ...signed, headers: unsigned, query };
  }
  return { ...signed, headers: { ...headers, ...signatureOf(sample, secret, body) }, query: { ...query, secret } };
}

function signatureOf({ name, provider }: SampleDelivery, secret: string, body: string): Record<string, string> {
  const hex = createHmac('sha256', secret).update(body).digest('hex');
  switch (provider) {
    case 'github':
    case 'ghcr':
      return { 'x-hub-signature-256': `sha256=${hex}` };
    case 'gogs':
      return { [`x-${name.split('-')[0]}-signature`]: hex };
    case 'gitlab':
      return { 'x-gitlab-token': secret };
    case 'bitbucket':
      return secret === SECRET ? {} : { 'x-hook-uuid': secret };
    case 'bitbucketserver':
      return { 'x-hub-signature': `sha256=${hex}` };
    case 'azuredevops':
      return { authorization: `Basic ${Buffer.from(`tiphys:${secret}`).toString('base64')}` };
    case 'harbor':
      return { authorization: secret };
    case 'generic':
      return { 'x-tiphys-signature-256': `sha256=${hex}` };
    default:
      return {};
  }
}
