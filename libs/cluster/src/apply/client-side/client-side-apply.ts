/** `ServerSideApply=false`: kubectl's three-way apply with the last-applied annotation. */
import { ANNOTATIONS, type KubernetesObject } from '@tiphys/model';
import { stringifyJson } from '../../client/json.js';
import type { WriteOptions } from '../../ports.js';
import type { ApplyTarget } from '../target.js';
import type { ApplyRequest, ApplyResult } from '../types.js';
import { mergeRulesOf } from './merge-rules.js';
import { threeWayPatch } from './three-way-patch.js';

export interface ClientSideStep {
  readonly request: ApplyRequest;
  readonly target: ApplyTarget;
  readonly write: WriteOptions;
}

/** Reads the newest live object, patches only what differs; an equal object is not written. */
export async function applyClientSide({ request, target, write }: ClientSideStep): Promise<ApplyResult> {
  const { client, signal } = request;
  const { resource, body } = target;
  const modified = withLastApplied(body);
  const live = await client.get(resource, target, signal);
  if (live === undefined) return { object: await client.create(resource, modified, write), action: 'created' };

  const rules = await mergeRulesOf(client, resource, signal);
  const patch = threeWayPatch({ original: lastAppliedOf(live), modified, live }, rules);
  if (Object.keys(patch).length === 0) return { object: live, action: 'unchanged' };
  const type = rules === undefined ? 'merge' : 'strategic';
  const object = await client.patch({ ...target, type }, patch, write);
  const unchanged = object.metadata.resourceVersion === live.metadata.resourceVersion;
  return { object, action: unchanged ? 'unchanged' : 'configured' };
}

/** As kubectl: the manifest without the annotation itself, one line, newline at the end. */
function withLastApplied(body: KubernetesObject): KubernetesObject {
  const { [ANNOTATIONS.lastApplied]: _own, ...annotations } = body.metadata.annotations ?? {};
  const plain = { ...body, metadata: { ...body.metadata, annotations } };
  const lastApplied = `${stringifyJson(plain)}\n`;
  return {
    ...plain,
    metadata: { ...plain.metadata, annotations: { ...annotations, [ANNOTATIONS.lastApplied]: lastApplied } },
  };
}

/** Not written by us or broken: then nothing counts as removed. */
function lastAppliedOf(live: KubernetesObject): Readonly<Record<string, unknown>> | undefined {
  const text = live.metadata.annotations?.[ANNOTATIONS.lastApplied];
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
