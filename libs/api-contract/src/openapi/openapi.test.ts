import { type SpecData, Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { allRoutes } from '../all-routes.js';
import type { RouteAccess } from '../route.js';
import { openApiDocument } from './document.js';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-permission': RouteAccess;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
}

const document = openApiDocument({ version: '1.2.3' });
const text = JSON.stringify(document);
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods)) as unknown as Operation[];
const operation = (id: string) => operations.find(({ operationId }) => operationId === id);

describe('the OpenAPI document', () => {
  it('is valid', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text) as SpecData);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it('and the validator notices what is not', async () => {
    const { valid } = await new Validator().validate({
      ...(JSON.parse(text) as SpecData),
      paths: { '/x': { get: [] } },
    });
    expect(valid).toBe(false);
  });

  it('has every route and what a caller must be allowed', () => {
    const shown = operations.map((entry) => [entry.operationId, entry['x-permission']]);
    expect(shown).toEqual(allRoutes.map(({ operationId, access }) => [operationId, access]));
  });

  it('refers only to what it defines', () => {
    const { schemas = {}, responses = {} } = document.components;
    const defined = new Set([
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ]);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(500);
    expect(references.filter((reference) => !defined.has(reference ?? ''))).toEqual([]);
  });

  it('names large schemas once', () => {
    expect(document.components['schemas']).toMatchObject({ ApplicationBody: {}, ApplicationSpec: {}, ErrorBody: {} });
    expect(text.length).toBeLessThan(600_000);
  });

  it.each([
    ['ApplicationService_List', ['200', '400', '401', '403', '500', '503', '504']],
    ['ApplicationService_Update', ['200', '400', '401', '403', '404', '409', '415', '500', '503', '504']],
    ['VersionService_Version', ['200', '500', '503', '504']],
    ['SessionService_Create', ['200', '400', '401', '415', '429', '500', '503', '504']],
  ])('%s answers %j', (id, statuses) => {
    expect(Object.keys(operation(id)?.responses ?? {})).toEqual(expect.arrayContaining(statuses));
  });

  it('says that a public operation needs no session, and that others do', () => {
    expect(operation('VersionService_Version')?.security).toEqual([]);
    expect(operation('ApplicationService_List')?.security).toBeUndefined();
    expect(document.security).toEqual([{ bearer: [] }, { cookie: [] }]);
  });

  it('shows a parameter that may be repeated as a list, and a stream in both its forms', () => {
    const projects = operation('ApplicationService_List')?.parameters?.find(({ name }) => name === 'projects');
    expect(projects?.schema).toEqual({ type: 'array', items: { type: 'string' } });
    expect(operation('ApplicationService_Watch')?.responses['200']).toMatchObject({
      content: { 'application/json': {}, 'text/event-stream': {} },
    });
  });
});
