/** What is remembered between requests: failures, bytes, and the request's own fields. */
import { create } from '@bufbuild/protobuf';
import { GenerateManifestsRequestSchema, RenderSettingsSchema, RepositorySchema } from '@tiphys/proto';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { toRemote } from '../rpc/remotes.js';
import { toApplicationSource, toCacheMode, toRenderApplication, toRenderSettings } from '../rpc/requests.js';
import { createByteLru } from './byte-lru.js';
import { createFailures } from './failures.js';
import { hostOf } from './git-rights.js';

describe('failures (L07)', () => {
  it('pause after three with the same inputs, for an hour, and are forgotten after a success', () => {
    const clock = fakeClock();
    const failures = createFailures({ clock, attempts: 3, pauseMs: 3_600_000 });
    const error = new Error('broken');
    failures.failed('k', error);
    failures.failed('k', error);
    expect(failures.paused('k')).toBeUndefined();
    failures.failed('k', error);
    expect(failures.paused('k')).toBe(error);
    expect(failures.paused('other inputs')).toBeUndefined();
    clock.advance(3_599_999);
    expect(failures.paused('k')).toBe(error);
    clock.advance(1);
    expect(failures.paused('k')).toBeUndefined();
    for (let index = 0; index < 3; index += 1) failures.failed('k', error);
    failures.succeeded('k');
    expect(failures.paused('k')).toBeUndefined();
  });
});

describe('byte-bounded cache', () => {
  it('keeps what was used last, and nothing larger than itself', () => {
    const cache = createByteLru<number>(10);
    cache.set('a', 1, 5);
    cache.set('b', 2, 5);
    cache.get('a');
    cache.set('c', 3, 5);
    cache.set('huge', 4, 11);
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.get('huge'), cache.bytes]).toEqual([
      1,
      undefined,
      3,
      undefined,
      10,
    ]);
    cache.set('a', 5, 1);
    expect([cache.get('a'), cache.bytes]).toEqual([5, 6]);
  });
});

describe('remote bases get credentials of their own host only', () => {
  it.each([
    ['https://git.example.org/a/b', 'https://GIT.example.org/c/d.git', true],
    ['https://git.example.org/a/b', 'http://git.example.org/c', false],
    ['https://git.example.org/a/b', 'https://git.example.org:8443/c', false],
    ['https://git.example.org/a/b', 'https://git.example.org.evil.example/c', false],
    ['https://git.example.org/a/b', 'https://git.example.org@evil.example/c', false],
    ['git@git.example.org:a/b', 'git@git.example.org:c/d', true],
    ['git@git.example.org:a/b', 'git@evil.example:c/d', false],
  ])('%s and %s: %s', (own, other, same) => expect(hostOf(own) === hostOf(other)).toBe(same));
});

describe('requests', () => {
  it.each([
    ['', 'web'],
    ['argocd', 'web'],
    ['team', 'team_web'],
  ])('name the instance: an application in "%s" is %s', (appNamespace, expected) => {
    const request = create(GenerateManifestsRequestSchema, { appName: 'web', appNamespace });
    expect(toRenderApplication(request, 'argocd').name).toBe(expected);
  });

  it('switch off known tools only', () => {
    const message = create(RenderSettingsSchema, {
      disabledTools: ['Jsonnet', 'Unknown'],
      kustomize: { enableHelm: true },
    });
    expect(toRenderSettings(message)).toMatchObject({ disabledTools: ['Jsonnet'], kustomize: { enableHelm: true } });
    expect(toRenderSettings(undefined)).not.toHaveProperty('disabledTools');
  });

  it('carry the given credentials only', () => {
    const repository = create(RepositorySchema, { url: 'https://h/x', username: 'u', password: 'p', insecure: true });
    expect(toRemote(repository)).toEqual({
      url: 'https://h/x',
      credentials: { username: 'u', password: 'p', insecure: true },
    });
  });

  it.each([
    ['no repository', () => toRemote(undefined), /repoURL/],
    ['a Helm repository', () => toRemote(create(RepositorySchema, { url: 'u', type: 'helm' })), /type "helm"/],
    ['an unknown cache mode', () => toCacheMode('fast'), /normal, resolve or hard/],
    ['a path that is no text', () => toApplicationSource({ path: 1 }), /spec.source.path/],
  ])('are refused with %s', (_name, convert, message) => expect(convert).toThrow(message));
});
