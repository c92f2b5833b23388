import { type Application, type AppProject, FINALIZERS, GitOpsError } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { application, NOW, specOf } from '../testing/builders.js';
import { createProjectGuard } from './project-guard.js';

const HELD = [FINALIZERS.resources, 'other'];

function guard(metadata: AppProject['metadata'], apps: readonly Application[] | undefined, failure?: Error) {
  const [released, warnings]: [(readonly string[])[], string[]] = [[], []];
  const silent = (): void => undefined;
  const log: Logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (text) => void warnings.push(text),
    child: () => log,
  };
  const project: AppProject = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata, spec: {} };
  const subject = createProjectGuard({
    applications: () => apps,
    project: (name) => (name === metadata.name ? project : undefined),
    setFinalizers: async (_, finalizers) => {
      if (failure !== undefined) throw failure;
      released.push(finalizers);
    },
    log,
  });
  return { released, warnings, subject };
}

const using = (project: string): Application => application({ spec: specOf({ project }) });

describe('the finalizer of a project (F09)', () => {
  it.each<{
    name: string;
    metadata: AppProject['metadata'];
    apps: readonly Application[] | undefined;
    released: boolean;
  }>([
    {
      name: 'a deleted project that nobody uses',
      ...{
        metadata: { name: 'team', deletionTimestamp: NOW, finalizers: HELD },
        apps: [using('other')],
        released: true,
      },
    },
    {
      name: 'a deleted project that an application uses',
      ...{
        metadata: { name: 'team', deletionTimestamp: NOW, finalizers: HELD },
        apps: [using('team')],
        released: false,
      },
    },
    {
      name: 'the default project, which an application uses by naming none',
      ...{
        metadata: { name: 'default', deletionTimestamp: NOW, finalizers: HELD },
        apps: [using('')],
        released: false,
      },
    },
    {
      name: 'a deleted project before the applications were listed',
      ...{ metadata: { name: 'team', deletionTimestamp: NOW, finalizers: HELD }, apps: undefined, released: false },
    },
    { name: 'a project that is not deleted', metadata: { name: 'team', finalizers: HELD }, apps: [], released: false },
    {
      name: 'a deleted project with the finalizer of somebody else',
      ...{ metadata: { name: 'team', deletionTimestamp: NOW, finalizers: ['other'] }, apps: [], released: false },
    },
  ])('$name is released: $released', async ({ metadata, apps, released }) => {
    const it = guard(metadata, apps);
    await it.subject.look(metadata.name ?? '');
    await it.subject.look('gone');
    expect(it.released).toEqual(released ? [['other']] : []);
  });

  it.each([
    { failure: new GitOpsError('Conflict', 'changed meanwhile'), warnings: 0 },
    { failure: new GitOpsError('Upstream', 'no answer'), warnings: 1 },
  ])('a failure ($failure.code) does no harm', async ({ failure, warnings }) => {
    const it = guard({ name: 'team', deletionTimestamp: NOW, finalizers: HELD }, [], failure);
    await it.subject.look('team');
    expect(it.warnings).toHaveLength(warnings);
  });
});
