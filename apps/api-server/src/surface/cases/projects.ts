/** Projects (N10) and ApplicationSets (N06). */
import { expect } from 'vitest';
import { type CaseTable, FILTER, hidden, invalid, none, notFound } from '../case.js';
import { applicationSet, applicationSetBody, asAdmin, project } from '../fixtures.js';
import type { World } from '../world.js';

const absent = { params: { name: 'absent' } };
const team = { params: { name: 'team' } };
const NAME_ONLY = none('it takes a name only');
const noProject = notFound(() => absent, /"absent" not found/);
const reads = { success: () => team, missing: noProject, invalid: NAME_ONLY };

async function tokenOf(
  world: World,
): Promise<{ readonly project: string; readonly role: string; readonly iat: string }> {
  const name = await project(world);
  const params = { project: name, role: 'dev' };
  await asAdmin(world, 'ProjectService_CreateToken', { params, body: {} });
  const { json } = await asAdmin(world, 'ProjectService_Get', { params: { name } });
  const { spec } = json as {
    readonly spec: { readonly roles: readonly { readonly jwtTokens: readonly { iat: number }[] }[] };
  };
  return { ...params, iat: String(spec.roles[0]?.jwtTokens[0]?.iat) };
}

export const projectCases: CaseTable = {
  ProjectService_List: {
    success: () => ({ query: { name: 'team' } }),
    missing: FILTER,
    invalid: none('it takes texts only'),
    shows: (answer) => expect(answer).toMatchObject({ items: [{ metadata: { name: 'team' } }] }),
  },
  ProjectService_Create: {
    success: (world) => ({ body: { project: { metadata: { name: world.fresh('case') }, spec: {} } } }),
    missing: none('it creates'),
    invalid: invalid(
      (world) => ({
        body: { project: { metadata: { name: world.fresh('case') }, spec: { destinations: [{ server: '!*' }] } } },
      }),
      /project/,
    ),
    conflict: invalid(
      () => ({ body: { project: { metadata: { name: 'team' }, spec: {} } } }),
      /existing project spec is different, use upsert flag to force update/,
    ),
  },
  ProjectService_Get: reads,
  ProjectService_Update: {
    success: async (world) => {
      const name = await project(world);
      return { params: { name }, body: { project: { metadata: { name }, spec: { description: 'changed' } } } };
    },
    missing: notFound(
      () => ({ ...absent, body: { project: { metadata: { name: 'absent' }, spec: {} } } }),
      /not found/,
    ),
    invalid: invalid(
      () => ({ ...team, body: { project: { metadata: { name: 'other' }, spec: {} } } }),
      /metadata.name is "other" but the path says "team"/,
    ),
    conflict: invalid(
      () => ({ ...team, body: { project: { metadata: { name: 'team' }, spec: {} } } }),
      /as a result of project update .* became invalid/,
    ),
  },
  ProjectService_Delete: {
    success: async (world) => ({ params: { name: await project(world) } }),
    missing: noProject,
    invalid: invalid(() => ({ params: { name: 'default' } }), /name 'default' is reserved/),
    conflict: invalid(() => team, /project is referenced by \d+ applications/),
  },
  ProjectService_GetDetailedProject: reads,
  ProjectService_ListEvents: reads,
  ProjectService_GetGlobalProjects: reads,
  ProjectService_GetSyncWindowsState: reads,
  ProjectService_ListLinks: reads,
  ProjectService_CreateToken: {
    success: async (world) => ({ params: { project: await project(world), role: 'dev' }, body: { expiresIn: 60 } }),
    missing: notFound(() => ({ params: { project: 'absent', role: 'dev' }, body: {} }), /not found/),
    invalid: invalid(() => ({ params: { project: 'team', role: 'dev' }, body: { expiresIn: 'soon' } }), /expiresIn/),
    conflict: invalid(async (world) => {
      const params = { project: await project(world), role: 'dev' };
      await asAdmin(world, 'ProjectService_CreateToken', { params, body: { id: 'mine' } });
      return { params, body: { id: 'mine' } };
    }, /token id 'mine' has been used/),
  },
  ProjectService_DeleteToken: {
    success: async (world) => ({ params: await tokenOf(world) }),
    missing: notFound(() => ({ params: { project: 'absent', role: 'dev', iat: '1' } }), /not found/),
    invalid: invalid(() => ({ params: { project: 'team', role: 'dev', iat: 'then' } }), /iat/),
    conflict: none('a token that is not there is as good as deleted'),
  },
};

const ofFleet = { success: () => ({ params: { name: 'fleet' } }), invalid: NAME_ONLY };
const noSet = hidden(() => absent);

export const applicationSetCases: CaseTable = {
  ApplicationSetService_List: {
    success: () => ({ query: { projects: 'team' } }),
    missing: FILTER,
    invalid: invalid(() => ({ query: { selector: 'a in (' } }), /selector/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"fleet"'),
  },
  ApplicationSetService_Create: {
    success: (world) => ({ body: applicationSetBody(world, world.fresh('case')) }),
    missing: none('it creates'),
    invalid: invalid((world) => ({ body: applicationSetBody(world, 'x', { generators: 1 }) }), /generators/),
    conflict: invalid(
      (world) => ({ body: applicationSetBody(world, 'fleet', { generators: [{ list: { elements: [] } }] }) }),
      /use upsert flag to force update/,
    ),
  },
  ApplicationSetService_Generate: {
    success: (world) => ({ body: { applicationSet: applicationSetBody(world, 'x') } }),
    missing: none('it names no object'),
    invalid: invalid(() => ({ body: {} }), /applicationSet/),
    conflict: none('it stores nothing'),
    shows: (answer) => expect(answer).toMatchObject({ applications: [{ metadata: { name: 'dev-x' } }] }),
  },
  ApplicationSetService_Get: { ...ofFleet, missing: noSet },
  ApplicationSetService_Delete: {
    success: async (world) => ({ params: { name: await applicationSet(world) } }),
    missing: noSet,
    invalid: NAME_ONLY,
    conflict: none('it goes with its applications, whatever their state'),
  },
  ApplicationSetService_ListResourceEvents: { ...ofFleet, missing: noSet },
  ApplicationSetService_ResourceTree: { ...ofFleet, missing: noSet },
  ApplicationSetService_Watch: {
    success: () => ({ query: { name: 'fleet' } }),
    forbidden: none('it shows what may be seen, perhaps nothing: applicationsets.int.test.ts'),
    missing: FILTER,
    invalid: invalid(() => ({ query: { selector: 'a in (' } }), /selector/),
  },
};
