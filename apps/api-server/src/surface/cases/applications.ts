/** Applications: objects and operations (N01, N03). */
import { expect } from 'vitest';
import { type CaseTable, FILTER, hidden, invalid, none } from '../case.js';
import { application, applicationBody, asAdmin, RUNNING } from '../fixtures.js';

const absent = { params: { name: 'absent' } };
const shop = { params: { name: 'shop' } };

export const applicationCases: CaseTable = {
  ApplicationService_List: {
    success: () => ({ query: { projects: ['team'] } }),
    missing: FILTER,
    invalid: invalid(() => ({ query: { selector: 'a in (' } }), /selector/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"name":"shop"'),
  },
  ApplicationService_Create: {
    success: (world) => ({ body: applicationBody(world, world.fresh('case')) }),
    missing: invalid((world) => {
      const { metadata, spec } = applicationBody(world, world.fresh('case'));
      return { body: { metadata, spec: { ...spec, project: 'absent' } } };
    }, /project/),
    invalid: invalid((world) => ({ body: applicationBody(world, 'Not_A_Name') }), /name/i),
    conflict: invalid(
      (world) => ({ body: applicationBody(world, 'shop', { path: 'elsewhere' }), query: { validate: 'false' } }),
      /existing application spec is different, use upsert flag to force update/,
    ),
  },
  ApplicationService_Get: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: none('any text of `refresh` but hard is a normal one, as in Argo CD'),
  },
  ApplicationService_Update: {
    success: async (world) => {
      const name = await application(world);
      return { params: { name }, body: applicationBody(world, name, { targetRevision: 'main' }) };
    },
    missing: hidden((world) => ({ ...absent, body: applicationBody(world, 'absent') })),
    invalid: invalid((world) => ({ ...shop, body: { ...applicationBody(world, 'shop'), spec: 1 } }), /spec/),
    conflict: invalid((world) => ({ ...shop, body: applicationBody(world, 'other') }), /name/),
  },
  ApplicationService_UpdateSpec: {
    success: async (world) => {
      const name = await application(world);
      return { params: { name }, body: applicationBody(world, name, { targetRevision: 'main' }).spec };
    },
    missing: hidden((world) => ({ ...absent, body: applicationBody(world, 'absent').spec })),
    invalid: invalid(() => ({ ...shop, body: { destination: [] } }), /destination/),
    conflict: invalid((world) => {
      const { spec } = applicationBody(world, 'shop');
      return { ...shop, body: { ...spec, project: 'absent' } };
    }, /project/),
  },
  ApplicationService_Patch: {
    success: async (world) => {
      const patch = JSON.stringify({ metadata: { labels: { patched: 'yes' } } });
      return { params: { name: await application(world) }, body: { patch, patchType: 'merge' } };
    },
    missing: hidden(() => ({ ...absent, body: { patch: '{}', patchType: 'merge' } })),
    invalid: invalid(() => ({ ...shop, body: { patch: '{', patchType: 'merge' } }), /"patch" is not JSON/),
    conflict: invalid(() => {
      const patch = [{ op: 'test', path: '/metadata/name', value: 'another' }];
      return { ...shop, body: { patch: JSON.stringify(patch), patchType: 'json' } };
    }, /test/),
  },
  ApplicationService_Delete: {
    success: async (world) => ({ params: { name: await application(world) }, query: { cascade: 'false' } }),
    missing: hidden(() => absent),
    invalid: invalid(() => ({ ...shop, query: { propagationPolicy: 'sideways' } }), /propagation/i),
    conflict: invalid(
      () => ({ ...shop, query: { cascade: 'false', propagationPolicy: 'foreground' } }),
      /cannot set propagation policy when cascading is disabled/,
    ),
  },
  ApplicationService_Sync: {
    success: async (world) => ({ params: { name: await application(world) }, body: { dryRun: true } }),
    missing: hidden(() => ({ ...absent, body: {} })),
    invalid: invalid(() => ({ ...shop, body: { resources: [{ kind: 1 }] } }), /resources/),
    conflict: invalid(async (world) => ({ params: { name: await application(world, RUNNING) }, body: {} }), /progress/),
  },
  ApplicationService_Rollback: {
    success: async (world) => {
      const answer = await asAdmin(world, 'ApplicationService_Get', shop);
      const { spec } = answer.json as { readonly spec: { readonly source: object } };
      const entry = { id: 0, revision: world.sources.commit, deployedAt: '2026-01-01T00:00:00Z', source: spec.source };
      return { params: { name: await application(world, { status: { history: [entry] } }) }, body: { id: 0 } };
    },
    missing: hidden(() => ({ ...absent, body: { id: 0 } })),
    invalid: invalid(() => ({ ...shop, body: { id: 'first' } }), /id/),
    conflict: invalid(() => ({ ...shop, body: { id: 999 } }), /does not have deployment with id 999/),
  },
  ApplicationService_TerminateOperation: {
    success: async (world) => ({ params: { name: await application(world, RUNNING) } }),
    missing: hidden(() => absent),
    invalid: none('it takes names only'),
    conflict: invalid(
      async (world) => ({ params: { name: await application(world) } }),
      /Unable to terminate operation. No operation is in progress/,
    ),
  },
  ApplicationService_Watch: {
    success: () => ({ query: { name: 'shop' } }),
    forbidden: none('it shows what may be seen, perhaps nothing: state-and-streams.int.test.ts'),
    missing: FILTER,
    invalid: invalid(() => ({ query: { selector: 'a in (' } }), /selector/),
  },
  ApplicationService_ListLinks: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: none('it takes names only'),
    shows: (answer) => expect(answer).toMatchObject({ items: [{ url: 'https://logs.example/shop' }] }),
  },
};
