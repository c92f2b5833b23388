/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) as pure functions; the input is never changed. */
import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../errors.js';

interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

type Container = Record<string, unknown> | unknown[];

const MAX_OPERATIONS = 10_000;

/** Throws `invalidArgument` naming the operation that cannot be applied. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new ApiError('invalidArgument', 'a json patch must be a list of operations');
  if (patch.length > MAX_OPERATIONS) throw new ApiError('invalidArgument', 'the json patch has too many operations');
  const root = { '': structuredClone(document) };
  for (const [index, operation] of patch.entries()) {
    try {
      applyOne(root, operation as PatchOperation);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ApiError('invalidArgument', `operation ${index} of the json patch: ${reason}`);
    }
  }
  return root[''];
}

/** `null` removes a field; objects merge; everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (name === '__proto__') continue;
    if (value === null) delete result[name];
    else result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

function applyOne(root: Record<string, unknown>, operation: PatchOperation): void {
  if (!isRecord(operation) || typeof operation.path !== 'string') throw new Error('needs "op" and "path"');
  const { op, path, from = '', value } = operation;
  switch (op) {
    case 'add':
      return insert(root, path, value);
    case 'remove':
      return remove(root, path);
    case 'replace':
      read(root, path);
      return assign(root, path, value);
    case 'move': {
      if (path.startsWith(`${from}/`)) throw new Error(`cannot move "${from}" into itself`);
      const moved = read(root, from);
      remove(root, from);
      return insert(root, path, moved);
    }
    case 'copy':
      return insert(root, path, structuredClone(read(root, from)));
    case 'test':
      if (!isDeepStrictEqual(read(root, path), value)) throw new Error(`"${path}" is not the tested value`);
      return;
    default:
      throw new Error(`"${op}" is not an operation: use add, remove, replace, move, copy or test`);
  }
}

function insert(root: Record<string, unknown>, path: string, value: unknown): void {
  const { parent, name } = locate(root, path);
  if (!Array.isArray(parent)) {
    parent[name] = value;
    return;
  }
  const index = name === '-' ? parent.length : indexOf(name, parent.length + 1);
  parent.splice(index, 0, value);
}

function assign(root: Record<string, unknown>, path: string, value: unknown): void {
  const { parent, name } = locate(root, path);
  if (Array.isArray(parent)) parent[indexOf(name, parent.length)] = value;
  else parent[name] = value;
}

function remove(root: Record<string, unknown>, path: string): void {
  read(root, path);
  const { parent, name } = locate(root, path);
  if (Array.isArray(parent)) parent.splice(indexOf(name, parent.length), 1);
  else delete parent[name];
}

function read(root: Record<string, unknown>, path: string): unknown {
  const { parent, name } = locate(root, path);
  if (Array.isArray(parent)) return parent[indexOf(name, parent.length)];
  if (!Object.hasOwn(parent, name)) throw new Error(`"${path}" does not exist`);
  return parent[name];
}

/** The container and the last name of a JSON pointer; the document itself is the field `''` of the root. */
function locate(root: Record<string, unknown>, path: string): { readonly parent: Container; readonly name: string } {
  if (path !== '' && !path.startsWith('/')) throw new Error(`"${path}" is not a JSON pointer: it must start with "/"`);
  const names = path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (names.includes('__proto__')) throw new Error('the name __proto__ is not allowed');
  let parent: Container = root;
  for (const name of names.slice(0, -1)) {
    const next: unknown = Array.isArray(parent) ? parent[indexOf(name, parent.length)] : parent[name];
    if (typeof next !== 'object' || next === null) throw new Error(`"${path}" does not exist`);
    parent = next as Container;
  }
  return { parent, name: names.at(-1) ?? '' };
}

function indexOf(name: string, length: number): number {
  if (!/^(0|[1-9]\d*)$/.test(name) || Number(name) >= length)
    throw new Error(`there is no index "${name}" in the list`);
  return Number(name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
