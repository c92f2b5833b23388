/** PUT and PATCH of applications (N01): both change only what users own; status and operation stay. */
import {
  type ApplicationInput,
  ApplicationInputSchema,
  type ApplicationPatchRequest,
  type ApplicationScope,
  type applicationRoutes,
} from '@tiphys/api-contract';
import type { Application } from '@tiphys/model';
import { Compile } from 'typebox/compile';
import type { ApplicationDeps } from '../../applications/deps.js';
import { findApplication } from '../../applications/find.js';
import { applyJsonPatch, applyMergePatch } from '../../applications/json-patch.js';
import { accessNameOf } from '../../applications/names.js';
import { applicationJson } from '../../applications/store.js';
import { normalizeSpec, toApplication, validateApplication } from '../../applications/validate.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import type { Serialized } from '../../http/json.js';
import { withIntent } from './create.js';

type Routes = typeof applicationRoutes;

export function createUpdateApplication(deps: ApplicationDeps): Handler<Routes['update']['schemas']> {
  return async ({ params, query, body }, context) => {
    if (body.metadata.name !== params.name) {
      throw new ApiError(
        'invalidArgument',
        `metadata.name is "${body.metadata.name}" but the path says "${params.name}"`,
      );
    }
    const wanted = toApplication(body, deps.namespace);
    const scope = { appNamespace: wanted.metadata.namespace ?? deps.namespace, project: query.project };
    return writeIntent(deps, context, {
      ...{ name: params.name, scope, validate: query.validate !== false, action: 'updated application spec' },
      wanted: () => wanted,
    });
  };
}

export function createUpdateSpec(deps: ApplicationDeps): Handler<Routes['updateSpec']['schemas']> {
  return async ({ params, query, body }, context) => {
    const spec = normalizeSpec(body);
    await writeIntent(deps, context, {
      ...{ name: params.name, scope: query, validate: query.validate !== false, action: 'updated application spec' },
      wanted: (current) => ({ ...current, spec }),
    });
    return spec;
  };
}

export function createPatchApplication(deps: ApplicationDeps): Handler<Routes['patch']['schemas']> {
  return async ({ params, body }, context) => {
    const patch = parsePatch(body);
    return writeIntent(deps, context, {
      ...{ name: params.name, scope: body, validate: true, action: `patched application ${params.name}` },
      wanted: (current) => toApplication(patched(current, patch), deps.namespace),
    });
  };
}

interface IntentChange {
  readonly name: string;
  readonly scope: { readonly [K in keyof ApplicationScope]: ApplicationScope[K] | undefined };
  readonly validate: boolean;
  readonly action: string;
  /** What the user wants, given the newest state. */
  readonly wanted: (current: Application) => Application;
}

/** Access is checked on the old and on the new object: a change of project needs rights in both (S19). */
async function writeIntent(deps: ApplicationDeps, context: RequestContext, change: IntentChange): Promise<Serialized> {
  const { appNamespace = '', project = '' } = change.scope;
  const entry = findApplication(deps, context.user, { name: change.name, action: 'update', appNamespace, project });
  const updated = await deps.writer.update(
    entry.key,
    (current) => {
      const wanted = change.wanted(current);
      const next = withIntent(current, wanted, { merge: false });
      for (const application of [current, next]) {
        const object = accessNameOf(application, deps.namespace);
        authorize(deps.authorizer, context.user, { resource: 'applications', action: 'update', object });
      }
      if (change.validate) validateApplication(deps, next);
      return next;
    },
    context.signal,
  );
  deps.audit(context.user, updated, { reason: 'ResourceUpdated', action: change.action });
  return { serialized: applicationJson(updated) };
}

type Patch = (document: unknown) => unknown;

function parsePatch({ patch, patchType = 'json' }: ApplicationPatchRequest): Patch {
  if (patchType !== 'json' && patchType !== 'merge' && patchType !== '') {
    throw new ApiError('invalidArgument', `Patch type '${patchType}' is not supported; use json or merge`);
  }
  const parsed = parseJson(patch);
  return patchType === 'merge'
    ? (document) => applyMergePatch(document, parsed)
    : (document) => applyJsonPatch(document, parsed);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('invalidArgument', `"patch" is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

let compiled: ReturnType<typeof compileInput> | undefined;
const compileInput = () => Compile(ApplicationInputSchema);

/** The application as the API shows it, patched and checked against its schema. Its identity cannot be patched. */
function patched(current: Application, patch: Patch): ApplicationInput {
  const { name, namespace } = current.metadata;
  compiled ??= compileInput();
  const result = patch(JSON.parse(applicationJson(current)));
  if (!compiled.Check(result)) {
    const problems = compiled.Errors(result).slice(0, 5);
    const text = problems.map((problem) => `${problem.instancePath.slice(1).replaceAll('/', '.')} ${problem.message}`);
    throw new ApiError('invalidArgument', `the patched application is invalid: ${text.join('; ')}`);
  }
  const metadata = { ...result.metadata, name: name ?? '' };
  return { ...result, metadata: namespace === undefined ? metadata : { ...metadata, namespace } };
}
