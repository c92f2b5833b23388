/** What a client sent as a project, as an object of the control plane. */
import type { ProjectInput } from '@tiphys/api-contract';
import { API_VERSION, type AppProject } from '@tiphys/model';
import { AppProjectSpecSchema, AppProjectStatusSchema } from '@tiphys/model/schemas';
import { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ApiError } from '../../errors.js';

const spec = lazyCheck(AppProjectSpecSchema);
const status = lazyCheck(AppProjectStatusSchema);

/** Throws `invalidArgument` naming the field that has the wrong type. */
export function toProject(input: ProjectInput, namespace: string): AppProject {
  const { name, labels, annotations, finalizers, resourceVersion } = input.metadata;
  if (resourceVersion && !/^[0-9]+$/.test(resourceVersion)) {
    throw new ApiError(
      'invalidArgument',
      'metadata.resourceVersion is not one of Kubernetes; leave it out, or read the project again',
    );
  }
  return {
    apiVersion: API_VERSION,
    kind: 'AppProject',
    metadata: {
      ...{ name, namespace },
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(resourceVersion ? { resourceVersion } : {}),
    },
    spec: spec('spec', input.spec ?? {}),
    ...(input.status === undefined ? {} : { status: status('status', input.status) }),
  };
}

function lazyCheck<T extends TSchema>(schema: T): (field: string, value: unknown) => Static<T> {
  let compiled: ReturnType<typeof Compile<T>> | undefined;
  return (field, value) => {
    compiled ??= Compile(schema);
    // Null is what Go clients write for an empty list.
    const given = withoutNulls(value);
    if (compiled.Check(given)) return given;
    const problems = compiled.Errors(given).slice(0, 5);
    const texts = problems.map(
      ({ instancePath, message }) => `${field}${instancePath.replaceAll('/', '.')} ${message}`,
    );
    throw new ApiError('invalidArgument', `the project is invalid: ${texts.join('; ')}`);
  };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(present.map(([key, entry]) => [key, withoutNulls(entry)]));
}
