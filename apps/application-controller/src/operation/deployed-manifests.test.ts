import { GitOpsError, OPERATION_INFO, type Operation, type RevisionHistory } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { DeployedManifests, RenderedManifests } from '../ports.js';
import { application, configMap, NOW, operationState, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { memoryDeployments } from '../testing/recording-ports.js';
import { manifestsFor } from './deployed-manifests.js';

const { signal } = new AbortController();
const source = specOf().source ?? { repoURL: '' };

function deployment(name: string, revision: string): DeployedManifests {
  return {
    targets: [{ object: configMap(name), origin: 'a.yaml', sourceIndex: 0 }],
    ...{ revisions: [revision], sources: [source], sourceTypes: ['Directory'], manifestHash: name },
  };
}

const RENDERED: RenderedManifests = { ...deployment('rendered', SHA_A), warnings: [] };
const entry = (id: number, revision: string): RevisionHistory => ({ id, revision, source, deployedAt: NOW });
const rollbackTo = (id: string): Operation => ({ info: [{ name: OPERATION_INFO.deployment, value: id }] });
const upstream = new GitOpsError('Upstream', 'the Git host does not answer');

interface Case {
  readonly name: string;
  readonly operation?: Operation;
  readonly revision?: string | undefined;
  readonly history?: readonly RevisionHistory[];
  readonly kept?: Readonly<Record<number, DeployedManifests>>;
  readonly failure?: Error;
  readonly gives: string;
}

async function manifestsOf({ operation = {}, history = [], kept = {}, failure, ...rest }: Case): Promise<string> {
  const deployments = memoryDeployments();
  for (const [id, manifests] of Object.entries(kept)) deployments.kept.set(Number(id), manifests);
  const revision = 'revision' in rest ? rest.revision : SHA_A;
  const render = async () => {
    if (failure !== undefined) throw failure;
    return RENDERED;
  };
  const app = application({ status: { history: [...history] } });
  const request = { sources: [source], revisions: [revision] };
  try {
    const found = await manifestsFor(
      deployments,
      { app, state: operationState({ operation }), request },
      { render, signal },
    );
    return found.targets[0]?.object.metadata.name ?? '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('an operation deploys', () => {
  const kept = { 1: deployment('kept', SHA_A) };
  it.each<Case>([
    { name: 'what is rendered, when it is no rollback', kept, gives: 'rendered' },
    { name: 'what was deployed then, when it is a rollback', operation: rollbackTo('1'), kept, gives: 'kept' },
    {
      name: 'what is rendered, when the deployment is no longer kept',
      operation: rollbackTo('2'),
      kept,
      gives: 'rendered',
    },
    {
      name: 'what is rendered, when the operation names another revision than the deployment has',
      ...{ operation: rollbackTo('1'), revision: SHA_B, kept, gives: 'rendered' },
    },
    {
      name: 'what is rendered, when the info is no history id',
      operation: rollbackTo('1; 2'),
      kept,
      gives: 'rendered',
    },
    {
      name: 'what was deployed from the same commit, when the source cannot be reached (R8)',
      ...{ history: [entry(0, SHA_A), entry(1, SHA_A), entry(2, SHA_B)], kept, failure: upstream, gives: 'kept' },
    },
    {
      name: 'nothing, when the source cannot be reached and the commit was never deployed',
      ...{ history: [entry(1, SHA_B)], kept, failure: upstream, gives: upstream.message },
    },
    {
      name: 'nothing, when the source cannot be reached and no commit was named',
      ...{ revision: undefined, history: [entry(1, SHA_A)], kept, failure: upstream, gives: upstream.message },
    },
    {
      name: 'nothing, when the manifests cannot be rendered: that is no outage',
      ...{
        history: [entry(1, SHA_A)],
        kept,
        failure: new GitOpsError('ManifestGeneration', 'bad chart'),
        gives: 'bad chart',
      },
    },
  ])('$name', async (given) => {
    expect(await manifestsOf(given)).toBe(given.gives);
  });
});
