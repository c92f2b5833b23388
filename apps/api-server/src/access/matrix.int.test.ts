/**
 * Who may do what, for every operation of the contract: role × operation × object, on a real control plane (S19, F10-F18).
 * What is expected comes from the permission that the contract declares, so a handler that asks for another one fails here.
 */
import { allRoutes, type RouteContract, type RoutePermission } from '@tiphys/api-contract';
import { sharedControlPlane, sharedRedis } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleOf, PLACES, type Place } from './examples.js';
import { declaredLines, INSTALLATION_ROLES, type Installation, mayDo, startInstallation } from './installation.js';

type Guarded = RouteContract & { readonly access: RoutePermission };

const isGuarded = (route: RouteContract): route is Guarded => typeof route.access !== 'string';
const guarded = allRoutes.filter(isGuarded);
const byId = (routes: readonly Guarded[]) => routes.map((route) => [route.operationId, route] as const);
const single = byId(guarded.filter(({ access }) => access.perItem !== true));
const lists = byId(guarded.filter(({ access, stream }) => access.perItem === true && stream !== true));

let installation: Installation;

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  installation = await startInstallation(plane, redis, guarded);
}, 60_000);

afterAll(async () => installation?.stop());

const ask = (user: string, route: Guarded, place: Place) => installation.ask(user, route, place);
const isRefused = (status: number) => status === 403;
/** Whatever is wrong with the request then is another matter. */
const isPassed = (status: number) => status !== 401 && status !== 403 && status !== 500;

it('every operation that needs a permission has an example', () => {
  const without = guarded.filter((route) => exampleOf(route, { place: 'own', name: 'own' }) === undefined);
  expect(without.map(({ operationId }) => operationId)).toEqual([]);
});

it('every route below /api/v1 is an operation of the contract, so none is without a permission', () => {
  const shape = (path: string) => path.replaceAll(/\{[^}]+\}|:[^/]+/g, '*');
  const declared = new Set(allRoutes.map(({ path }) => shape(path)));
  const others = installation.routes.filter((url) => url.startsWith('/api/v1/') && !declared.has(shape(url)));
  // What is printed of can-i, whose last parameter takes the rest of the path.
  expect(others).toEqual(['/api/v1/account*']);
  expect(installation.routes.length).toBeGreaterThan(80);
});

describe('the declared permission is the one that is asked for', () => {
  it.each(single)('%s: who has every other permission is refused', async (_, route) => {
    const { status } = await ask(`but-${slug(route)}`, route, 'own');
    expect(status).toBe(403);
  });

  it.each(single)('%s: who has just this one is let through', async (_, route) => {
    const { status, text } = await ask(`just-${slug(route)}`, route, 'own');
    expect(isPassed(status), `${status} ${text}`).toBe(true);
  });
});

describe.each(INSTALLATION_ROLES)('%s', (role) => {
  it.each(single)('%s', async (_, route) => {
    const answers = await Promise.all(PLACES.map(async (place) => [place, await ask(role, route, place)] as const));
    const wrong = answers.filter(([place, { status }]) => {
      if (mayDo(role, route, place)) return place === 'missing' ? status === 500 : !isPassed(status);
      return !isRefused(status);
    });
    expect(wrong.map(([place, { status, text }]) => `${place}: ${status} ${text}`)).toEqual([]);
  });

  it.each(lists)('%s shows what may be read', async (_, route) => {
    const { status, text } = await ask(role, route, 'own');
    expect(status).toBe(200);
    const shown = (['own', 'other'] as const).filter((place) =>
      text.includes(`"${installation.shownAs(route, place)}"`),
    );
    expect(shown).toEqual((['own', 'other'] as const).filter((place) => mayDo(role, route, place)));
  });
});

describe('who may do nothing learns nothing: the same answer for what is there and what is not (N21, S18)', () => {
  it.each(single)('%s', async (_, route) => {
    const [own, missing] = await Promise.all([ask('nobody', route, 'own'), ask('nobody', route, 'missing')]);
    const anonymous = (text: string) => text.replaceAll(/\b(?:own|missing)(?:-nobody)?\b/g, 'X');
    expect({ ...own, text: anonymous(own.text) }).toEqual({ ...missing, text: anonymous(missing.text) });
  });
});

function slug({ operationId }: RouteContract): string {
  return operationId.toLowerCase().replace('_', '-');
}

it('the policies of the roles differ from operation to operation', () => {
  expect(new Set(guarded.map((route) => declaredLines(route).join())).size).toBeGreaterThan(30);
});
