/** Recognition, verification and parsing of every sender's requests; what must be refused enqueues nothing. */
import { createHmac } from 'node:crypto';
import type { Logger } from '@tiphys/runtime';
import { describe, expect, it, vi } from 'vitest';
import type { ApiError } from '../../errors.js';
import { parsePayload } from './payload.js';
import { PROVIDERS } from './providers.js';
import {
  requestOf,
  type SampleDelivery,
  SECRET,
  SECRETS,
  sampleDeliveries,
  sampleDelivery,
} from './testing/deliveries.js';
import { webhookSubject } from './testing/subject.js';

const WAIT = { timeout: 15_000 };
const SAMPLES = sampleDeliveries();
const isPing = ({ expected }: SampleDelivery) => expected.status === 'pong';

describe.each(SAMPLES.map((sample) => [sample.name, sample] as const))('%s', (_, sample) => {
  const provider = PROVIDERS.find(({ name }) => name === sample.provider)!;
  const { handle } = webhookSubject({ settings: SECRETS });

  it('signed with the configured secret it is understood', () => {
    const request = requestOf(sample, { secret: SECRET });
    expect(handle(request)).toMatchObject({ status: sample.expected.status, provider: sample.provider });
    const { events } = sample.expected;
    if (events === undefined) return;
    const read = provider.read(provider.event(request, SECRETS)!, parsePayload(request.body, undefined));
    expect(read).toEqual(events);
  });

  it.each([
    ['another secret', 'guessed'],
    ['no secret', undefined],
  ])('with %s it is refused (J03, S13)', (__, secret) => {
    const request = requestOf(sample, { secret });
    // Harbor is recognized by its secret, unless the address names it.
    const named = sample.provider === 'harbor' ? { ...request, query: { type: 'harbor' } } : request;
    const isUnsignedTest = secret === undefined && sample.provider === 'bitbucketserver' && isPing(sample);
    if (isUnsignedTest) expect(handle(named).status).toBe('pong');
    else expect(() => handle(named)).toThrow(expect.objectContaining({ kind: 'unauthenticated' }));
  });

  it('without a configured secret it is accepted as in Argo CD, or needs one', () => {
    const request = requestOf(sample, {});
    const named = sample.provider === 'harbor' ? { ...request, query: { type: 'harbor' } } : request;
    const unconfigured = webhookSubject().handle;
    if (['harbor', 'generic'].includes(sample.provider)) {
      expect(() => unconfigured(named)).toThrow(/set webhook\.(harbor|generic)\.secret in argocd-secret/);
    } else expect(unconfigured(named).status).toBe(sample.expected.status);
  });

  it('without a configured secret it is refused where the installation demands one', () => {
    const demanding = webhookSubject({ settings: { requireSecret: true } }).handle;
    const send = () => demanding(requestOf(sample, {}));
    if (isPing(sample)) expect(send().status).toBe('pong');
    else if (sample.provider === 'harbor') expect(send).toThrow(/unknown webhook event/);
    else expect(send).toThrow(/set webhook\..* in argocd-secret/);
  });

  it.each([
    ...['{', '[]', 'null', '1', '', '{"push":{"changes":[1]},"repository":{"links":{"html":{"href":"x"}}}}'],
    ...['{"repository":null}', `${'['.repeat(100_000)}`, `{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_001)}`],
  ])('a payload like %.40s is refused or ignored, never more (S13)', (body) => {
    const subject = webhookSubject({ settings: SECRETS });
    const request = requestOf(sample, { secret: SECRET, body });
    let status: string;
    try {
      ({ status } = subject.handle(request));
    } catch (error) {
      status = (error as ApiError).kind;
    }
    expect(isPing(sample) ? ['pong'] : ['invalidArgument', 'ignored']).toContain(status);
    expect(subject.enqueued).toEqual([]);
  });
});

describe('forms (J01)', () => {
  const github = sampleDelivery('github-push');
  const form = (sample: SampleDelivery) => new URLSearchParams({ payload: JSON.stringify(sample.payload) }).toString();
  const sent = (sample: SampleDelivery, body: string, headers: Record<string, string>) => {
    const request = requestOf(sample, { secret: SECRET, body });
    const type = 'application/x-www-form-urlencoded';
    return { ...request, headers: { ...request.headers, 'content-type': type, ...headers } };
  };
  const { handle } = webhookSubject({ settings: SECRETS });

  it('GitHub signs the form as it is sent', () => {
    expect(handle(sent(github, form(github), {})).status).toBe('accepted');
  });

  it('Gitea signs the JSON in the form', () => {
    const gitea = sampleDelivery('gitea-push');
    const signature = createHmac('sha256', SECRET).update(JSON.stringify(gitea.payload)).digest('hex');
    expect(handle(sent(gitea, form(gitea), { 'x-gitea-signature': signature })).status).toBe('accepted');
    expect(() => handle(sent(gitea, form(gitea), {}))).toThrow(/signature does not fit/);
  });

  it('a form without the field is refused with what to do', () => {
    expect(() => handle(sent(github, 'a=b', {}))).toThrow(/no field "payload"; choose the content type/);
  });
});

describe('signatures', () => {
  const sample = sampleDelivery('github-push');
  const body = JSON.stringify(sample.payload);
  const sha1 = `sha1=${createHmac('sha1', SECRET).update(body).digest('hex')}`;
  const { handle } = webhookSubject({ settings: SECRETS });
  const send = (headers: Record<string, string>) => handle({ ...requestOf(sample, {}), headers });

  it('the SHA-1 of old GitHub servers is accepted where no better one comes', () => {
    expect(send({ ...sample.headers, 'x-hub-signature': sha1 }).status).toBe('accepted');
    const both = { ...sample.headers, 'x-hub-signature': sha1, 'x-hub-signature-256': 'sha256=00' };
    expect(() => send(both)).toThrow(/signature does not fit/);
  });

  it.each(['sha256=', 'sha256=zz', '', 'sha1=', `${'0'.repeat(64)}0`])('"%s" is no signature', (signature) => {
    expect(() => send({ ...sample.headers, 'x-hub-signature-256': signature })).toThrow(/signature does not fit/);
  });

  it('a payload that was changed on the way is refused', () => {
    const request = requestOf(sample, { secret: SECRET });
    expect(() => handle({ ...request, body: Buffer.from(body.replace('main', 'prod')) })).toThrow(/signature/);
  });

  it('Harbor is recognized by its secret alone, as in Argo CD, and never without', () => {
    const harbor = sampleDelivery('harbor-push-artifact');
    expect(handle({ ...requestOf(harbor, { secret: SECRET }), query: {} }).provider).toBe('harbor');
    expect(() => handle({ ...requestOf(harbor, { secret: 'guessed' }), query: {} })).toThrow(/unknown webhook event/);
  });
});

describe('what is counted (M06)', () => {
  const source = { repoURL: 'https://git.example.com/shop/deploy', path: 'api', targetRevision: 'main' };

  it('made-up names of events and repositories do not become labels', async () => {
    const { handle, counted } = webhookSubject({ sources: { api: source } });
    const sample = sampleDelivery('github-push');
    const request = requestOf(sample, {});
    handle(request);
    await vi.waitFor(() => expect(counted).toHaveLength(3), WAIT);
    const repository = { html_url: `https://git.example.com/made-up/${Math.random()}` };
    handle(requestOf(sample, { body: JSON.stringify({ ...sample.payload, repository }) }));
    handle({ ...request, headers: { 'x-github-event': `made-up-${Math.random()}` } });
    const event = (name: string, outcome: string) => ({ provider: 'github', event: name, outcome });
    await vi.waitFor(
      () =>
        expect(counted).toEqual([
          event('push', 'accepted'),
          { repo: 'https://git.example.com/shop/deploy' },
          { repo: 'https://git.example.com/shop/deploy', successful: true, count: 1 },
          ...[event('push', 'accepted'), event('other', 'ignored'), { repo: 'other' }],
        ]),
      WAIT,
    );
  });

  it('a handler is in flight until its entries are in the queue', async () => {
    let finish = () => undefined as void;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const queue = { enqueueMany: () => gate, enqueueManyAfter: () => gate };
    const { handle, inFlight } = webhookSubject({ sources: { api: source }, deps: { queue } });
    handle(requestOf(sampleDelivery('github-push'), {}));
    await vi.waitFor(() => expect(inFlight()).toBe(1), WAIT);
    finish();
    await vi.waitFor(() => expect(inFlight()).toBe(0), WAIT);
  });
});

describe('what is logged (S23)', () => {
  const wrong = 'what-a-forger-guessed';
  it('neither the secret nor what was sent instead of it, whoever sends', async () => {
    const lines: string[] = [];
    const write = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
    const open = webhookSubject({ deps: { log } }).handle;
    const { handle } = webhookSubject({ settings: SECRETS, deps: { log } });
    for (const sample of SAMPLES) {
      for (const [send, secret] of [
        [handle, SECRET],
        [handle, wrong],
        [open, SECRET],
      ] as const) {
        try {
          send(requestOf(sample, { secret }));
        } catch (error) {
          lines.push((error as Error).message);
        }
      }
    }
    await vi.waitFor(
      () => expect(lines.filter((line) => line.startsWith('webhook {')).length).toBeGreaterThan(20),
      WAIT,
    );
    expect(lines.some((line) => line.startsWith('webhook refused'))).toBe(true);
    expect(lines.filter((line) => line.includes(SECRET) || line.includes(wrong) || line.includes('sha256='))).toEqual(
      [],
    );
  });
});

describe('other requests', () => {
  it('an unknown sender is refused with how to name it', () => {
    const request = { ...requestOf(sampleDelivery('github-push'), {}), headers: {}, query: {} };
    expect(() => webhookSubject({ settings: SECRETS }).handle(request)).toThrow(/\?type=harbor, dockerhub or generic/);
  });
});
