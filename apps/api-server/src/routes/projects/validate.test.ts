/** Denials of a project that would deny nothing are refused when the project is stored (F01, F02). */
import type { AppProjectSpec } from '@tiphys/model';
import { expect, it } from 'vitest';
import { validateProject } from './validate.js';

const check = (spec: AppProjectSpec) => () =>
  validateProject({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'web' }, spec });

it.each<[string, AppProjectSpec]>([
  ['a source', { sourceRepos: ['*', '!https://host/[secret'] }],
  ['a namespace', { destinations: [{ server: '*', namespace: '!{kube' }] }],
  ['a server', { destinations: [{ server: '!https://[z-a]', namespace: '*' }] }],
  ['the name of a cluster', { destinations: [{ name: '!prod\\', namespace: '*' }] }],
])('refused: %s', (_, spec) => {
  expect(check(spec)).toThrow(/is no valid pattern, so it would deny nothing/);
});

it.each<[string, AppProjectSpec]>([
  ['a denial with alternatives', { destinations: [{ server: '*', namespace: '!{kube-*,default}' }] }],
  ['a denial of an address of IPv6', { sourceRepos: ['*', '!https://\\[::1\\]/*'] }],
  ['an entry that permits nothing', { sourceRepos: ['https://host/[secret'] }],
])('stored: %s', (_, spec) => {
  expect(check(spec)).not.toThrow();
});
