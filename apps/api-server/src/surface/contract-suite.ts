/** Every operation of the contract: success, no session, forbidden, missing, invalid, conflict (N01-N21, S18, S22). */
import type { RouteContract } from '@tiphys/api-contract';
import { describe, expect, it } from 'vitest';
import {
  type Case,
  type CaseTable,
  GRPC_CODES,
  isRefusal,
  none,
  type OperationCases,
  type Refusal,
  successOf,
} from './case.js';
import type { Answer } from './client.js';
import { type Input, operations } from './operations.js';
import { schemaProblems, undeclaredFields } from './schema-check.js';
import type { CallerName, World } from './world.js';

/** Fields beyond the schema that are part of the contract: custom resources pass through whole, details are by type. */
const OPEN_FIELDS: Readonly<Record<string, RegExp>> = {
  RepositoryService_GetAppDetails: /^\.(helm|kustomize|directory|plugin)$/,
};

export function describeContract(cases: CaseTable, world: () => World): void {
  describe('the table of cases', () => {
    it('has every operation of the contract, and no other', () => {
      expect(Object.keys(cases).sort()).toEqual([...operations.keys()].sort());
    });

    it('says of every write what a conflict is', () => {
      const writes = [...operations.values()].filter(({ method }) => method !== 'GET');
      expect(writes.filter(({ operationId }) => cases[operationId]?.conflict === undefined)).toEqual([]);
    });
  });

  describe.each(Object.keys(cases).filter((id) => operations.has(id)))('%s', (id) => {
    const route = operations.get(id) as RouteContract;
    const own = cases[id] as OperationCases;
    const ask = (input: Input, caller: CallerName) => request(world(), { route, input, caller });

    it.runIf(typeof own.success === 'function')('success: 200 with what the schema declares', async () => {
      const answer = await ask(await successOf(own)(world()), own.as ?? 'admin');
      expect(answer.status, answer.text).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      const bodies = route.stream === true ? answer.items.map(resultOf) : [answer.json];
      for (const body of bodies) {
        expect(schemaProblems(route.schemas.response, body)).toEqual([]);
        const open = OPEN_FIELDS[id];
        expect(undeclaredFields(route.schemas.response, body).filter((path) => open?.test(path) !== true)).toEqual([]);
      }
      own.shows?.(answer.json, world());
    });

    it.runIf(route.access !== 'public')('no session: 401', async () => {
      expectRefusal(await ask(staticInput(route), 'anonymous'), { status: 401, message: /^no session information$/ });
    });

    const subject = { route, own, ask, world };
    describeForbidden(subject);
    describeCase('missing', own.missing, subject);
    describeCase('invalid', own.invalid, subject);
    describeCase('conflict', own.conflict ?? none('it reads only'), subject);
  });
}

const APPLICATIONS = '/api/v1/applications';

function queryOf({ schemas }: RouteContract): object {
  return (schemas.query as { readonly properties?: object } | undefined)?.properties ?? {};
}

type Ask = (input: Input, caller: CallerName) => Promise<Answer>;

interface Subject {
  readonly route: RouteContract;
  readonly own: OperationCases;
  readonly ask: Ask;
  readonly world: () => World;
}

function describeForbidden(subject: Subject): void {
  const { route, own, ask, world } = subject;
  const { forbidden } = own;
  if (forbidden !== undefined) return describeCase('forbidden', forbidden, subject);
  if (typeof route.access === 'string') return;
  if (route.access.perItem === true) {
    it('forbidden: an empty list', async () => {
      const answer = await ask(await successOf(own)(world()), 'nobody');
      expect([answer.status, (answer.json as { readonly items?: unknown }).items]).toEqual([200, []]);
    });
    return;
  }
  const { missing } = own;
  if (route.path.startsWith(`${APPLICATIONS}/{name}`) && 'project' in queryOf(route) && isRefusal(missing)) {
    it('missing in a named project: 404 for those who may read there, 403 for others (N21)', async () => {
      const input = await missing.input(world());
      const named = { ...input, query: { ...input.query, project: 'team' } };
      expectRefusal(await ask(named, 'admin'), { status: 404, message: /"absent" not found .*project team/ });
      expectRefusal(await ask(named, 'role'), { status: 404, message: /"absent" not found .*project team/ });
      expectRefusal(await ask(named, 'nobody'), { status: 403, message: /^permission denied$/ });
    });
  }
  it('forbidden: 403, and the same for what is missing (S18)', async () => {
    const existing = await ask(await successOf(own)(world()), 'nobody');
    expectRefusal(existing, { status: 403, message: /^permission denied/ });
    if (!isRefusal(missing) || missing.status === 400) return;
    const absent = await ask(await missing.input(world()), 'nobody');
    expect([absent.status, withoutObject(absent)]).toEqual([403, withoutObject(existing)]);
  });
}

function describeCase(kind: string, one: Case, { ask, world }: Pick<Subject, 'ask' | 'world'>): void {
  if (!isRefusal(one)) return;
  it(`${kind}: ${one.status} ${one.message}`, async () => {
    expectRefusal(await ask(await one.input(world()), one.as ?? 'admin'), one);
  });
}

function expectRefusal(answer: Answer, { status, message }: Pick<Refusal, 'status' | 'message'>): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  const body = answer.json as { readonly message: string; readonly code: number };
  expect(body.message).toMatch(message);
  // OAuth clients want a word of RFC 6749 in `error`.
  const oauth = { error: expect.stringMatching(/^[a-z_]+$/), error_description: body.message };
  const named = 'error_description' in body ? oauth : { error: body.message };
  expect(body).toEqual({ ...named, message: body.message, code: expect.any(Number) });
  expect(GRPC_CODES[status]).toContain(body.code);
}

/** The text names the object that was asked for: `permission denied: projects, get, team, sub: nobody`. */
function withoutObject({ json }: Answer): string {
  const { message } = json as { readonly message: string };
  return message.replace(/^(permission denied: [^,]+, [^,]+), .*(, sub: .*)$/, '$1$2');
}

function resultOf(item: unknown): unknown {
  return (item as { readonly result?: unknown }).result;
}

/** Good enough to be routed. */
function staticInput(route: RouteContract): Input {
  return { params: {}, ...(route.schemas.body === undefined ? {} : { body: {} }) };
}

interface Asked {
  readonly route: RouteContract;
  readonly input: Input;
  readonly caller: CallerName;
}

async function request(world: World, { route, input, caller }: Asked) {
  const { client, callers } = world;
  if (route.stream === true) return client.stream(route, input, { caller: callers[caller], count: 1 });
  return { ...(await client.call(route, input, callers[caller])), items: [] };
}
