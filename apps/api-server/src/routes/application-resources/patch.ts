/** A patch as a client sends it: its type, its text, and what it may not do to a Secret (S21). */

import type { PatchType } from '@tiphys/cluster';
import { kubeStatusOf } from '@tiphys/cluster';
import { isSecret } from '@tiphys/gitops-engine';
import { GitOpsError, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';
import { ApiError } from '../../errors.js';

export interface RequestedPatch {
  readonly type: Exclude<PatchType, 'apply'>;
  readonly body: unknown;
}

const TYPES: Readonly<Record<string, RequestedPatch['type']>> = {
  '': 'merge',
  merge: 'merge',
  'application/merge-patch+json': 'merge',
  json: 'json',
  'application/json-patch+json': 'json',
  strategic: 'strategic',
  'application/strategic-merge-patch+json': 'strategic',
};

/** @throws ApiError invalidArgument */
export function parsePatch(patchType: string, text: string): RequestedPatch {
  const type = Object.hasOwn(TYPES, patchType) ? TYPES[patchType] : undefined;
  if (type === undefined) {
    throw new ApiError('invalidArgument', `unknown patchType ${patchType}: use merge, json or strategic`);
  }
  const body = parseText(text);
  const shape = type === 'json' ? 'array' : 'object';
  if (body === null || typeof body !== 'object' || Array.isArray(body) !== (type === 'json')) {
    throw new ApiError('invalidArgument', `the body of a ${type} patch must be the text of a JSON ${shape}`);
  }
  return { type, body };
}

/** The parser's own message would repeat a piece of the patch. */
function parseText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new ApiError('invalidArgument', 'the patch is not valid JSON; send it as a JSON text in the body');
  }
}

const SETTING_OPERATIONS: ReadonlySet<unknown> = new Set(['add', 'replace', 'remove']);

/**
 * `copy` and `move` could bring a value of a Secret to a place where it is shown, `test` could guess it: on Secrets a
 * JSON patch may only set and remove. @throws ApiError invalidArgument
 */
export function refuseDisclosure(live: KubernetesObject, { type, body }: RequestedPatch): void {
  if (type !== 'json' || !isSecret(live) || !Array.isArray(body)) return;
  const others = body.filter((step: { readonly op?: unknown } | null) => !SETTING_OPERATIONS.has(step?.op));
  if (others.length === 0) return;
  throw new ApiError('invalidArgument', 'a JSON patch of a Secret may only add, replace and remove');
}

/** What the API server says of a refused patch may repeat values of the Secret; only the fields' names are passed on. */
export function withoutSecretValues(live: KubernetesObject, error: unknown): unknown {
  if (!isSecret(live) || !isGitOpsError(error)) return error;
  const { reason = '', causes = [], code = 0 } = kubeStatusOf(error) ?? {};
  const fields = causes.flatMap(({ field }) => (field === undefined ? [] : [field]));
  const named = fields.length === 0 ? '' : ` because of ${fields.join(', ')}`;
  const name = live.metadata.name ?? '';
  const answer = [code || '', reason].filter((part) => part !== '').join(' ');
  return new GitOpsError(
    error.code,
    `the API server refused the patch of Secret ${name}${named} (${answer || 'no answer'}); correct the patch and send it again`,
  );
}
