/** What Schemathesis found, one test each: it must not come back. */
import { eventually } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { applicationBody, applicationPath } from './fixtures.js';
import { type Input, operations } from './operations.js';
import type { World } from './world.js';

export function describeFindings(world: () => World): void {
  const ask = async (operationId: string, input: Input) => {
    const route = operations.get(operationId);
    if (route === undefined) throw new Error(`the contract has no ${operationId}`);
    return world().client.call(route, input, world().callers.admin);
  };

  describe('found by the fuzzer', () => {
    it('a project that was exported, with its resourceVersion, is created (was 502)', async () => {
      const metadata = { name: world().fresh('case'), resourceVersion: '5', uid: 'another' };
      const answer = await ask('ProjectService_Create', { body: { project: { metadata, spec: {} } } });
      expect(answer.status, answer.text).toBe(200);
    });

    it('a project with a resourceVersion that is none: 400 (was 502)', async () => {
      const project = { metadata: { name: 'team', resourceVersion: '\u0005x' }, spec: { description: 'x' } };
      const answer = await ask('ProjectService_Update', { params: { name: 'team' }, body: { project } });
      expect(answer.status, answer.text).toBe(400);
      expect(answer.json).toMatchObject({ message: expect.stringContaining('metadata.resourceVersion') });
    });

    it('a depth beyond every history means all of it (was 500)', async () => {
      const input = { params: { repo: world().sources.shop }, query: { depth: '389063420792' }, body: '' };
      const answer = await ask('RepositoryService_ValidateWriteAccess', input);
      // The repository was asked: it wants credentials.
      expect(answer.status, answer.text).toBe(400);
      expect(answer.json).toMatchObject({ message: expect.stringContaining('The credentials were refused') });
    });

    it('the tree of an application that is not valid: 400 with the reason (was 503 for ever)', async () => {
      const { fresh, kube, namespace } = world();
      const name = fresh('case');
      const { spec } = applicationBody(world(), name);
      const invalid = { ...spec, destination: { server: 'https://nobody.invalid', namespace: 'x' } };
      const metadata = { name, namespace };
      await kube.create({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec: invalid });
      const tree = async () => {
        const answer = await ask('ApplicationService_ResourceTree', { params: { name } });
        expect(answer.status, answer.text).toBe(400);
        expect(answer.json).toMatchObject({ code: 9, message: expect.stringContaining('InvalidSpecError: ') });
      };
      await eventually(tree, { description: 'the controller has looked at it' });
      await kube.request('DELETE', applicationPath(world(), name));
    });
  });
}
