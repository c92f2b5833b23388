import { GitOpsError } from '@tiphys/model';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { createRepoOutages, RepoOutage } from './repo-outages.js';

const KEY = 'argocd/guestbook';
const outage = new GitOpsError('Upstream', 'the repo-server does not answer');
const quiet = { graceMs: 180_000, showAtOnce: false };

describe('an outage of the sources (C26)', () => {
  it('is not shown before it has lasted the grace period', () => {
    const clock = fakeClock();
    const outages = createRepoOutages(clock);
    expect(outages.failed(KEY, outage, quiet)).toBeInstanceOf(RepoOutage);
    clock.advance(179_000);
    expect(outages.failed(KEY, outage, quiet)).toMatchObject({ name: 'RepoOutage', cause: outage });
    clock.advance(1_000);
    expect(outages.failed(KEY, outage, quiet)).toBe(outage);
  });

  it('begins anew after the sources could be read', () => {
    const clock = fakeClock();
    const outages = createRepoOutages(clock);
    outages.failed(KEY, outage, quiet);
    clock.advance(200_000);
    outages.ended(KEY);
    expect(outages.failed(KEY, outage, quiet)).toBeInstanceOf(RepoOutage);
  });

  it.each([
    { name: 'is shown at once to who asked for a look at Git', error: outage, options: { ...quiet, showAtOnce: true } },
    { name: 'is shown at once with a grace period of 0', error: outage, options: { ...quiet, graceMs: 0 } },
    {
      name: 'is none when the manifests are wrong',
      error: new GitOpsError('ManifestGeneration', 'bad'),
      options: quiet,
    },
    { name: 'is none when the error is of another kind', error: new Error('bug'), options: quiet },
  ])('$name', ({ error, options }) => {
    expect(createRepoOutages(fakeClock()).failed(KEY, error, options)).toBe(error);
  });
});
