/** The `fields` parameter (N17): keeps or leaves out parts of an answer. Arrays are passed through element by element. */

interface MaskNode {
  /** The whole value below is named. */
  whole: boolean;
  readonly children: Map<string, MaskNode>;
}

export interface FieldMask {
  readonly text: string;
  /** The part of the mask below `path`, for values that are nested in the answer. */
  at(...path: readonly string[]): FieldMask;
  /** A copy with only the kept fields; undefined when nothing of it is kept. */
  apply(value: unknown): unknown;
  /** True when the field itself, not something inside it, is left out. */
  drops(field: string): boolean;
}

/** `a.b,c` keeps, `-a.b,c` leaves out. Undefined when there is no mask. */
export function parseFieldMask(text: string | undefined): FieldMask | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const exclude = text.startsWith('-');
  const root: MaskNode = { whole: false, children: new Map() };
  for (const path of text.replace(/^-/, '').split(',')) add(root, path.trim().split('.'));
  return maskOf(text, root, exclude);
}

function add(root: MaskNode, path: readonly string[]): void {
  let node = root;
  for (const name of path) {
    const next = node.children.get(name) ?? { whole: false, children: new Map() };
    node.children.set(name, next);
    node = next;
  }
  node.whole = true;
}

const NOTHING: MaskNode = { whole: false, children: new Map() };
const ALL: MaskNode = { whole: true, children: new Map() };

function maskOf(text: string, node: MaskNode, exclude: boolean): FieldMask {
  return {
    text,
    at: (...path) => {
      let below: MaskNode = node;
      for (const name of path) below = below.whole ? ALL : (below.children.get(name) ?? NOTHING);
      return maskOf(text, below, exclude);
    },
    apply: (value) => (exclude ? without(value, node) : only(value, node)),
    drops: (field) => {
      const below = node.whole ? ALL : node.children.get(field);
      return exclude ? below?.whole === true : below === undefined;
    },
  };
}

function only(value: unknown, node: MaskNode): unknown {
  if (node.whole) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => only(item, node));
  if (typeof value !== 'object' || value === null) return undefined;
  const kept = [...node.children].flatMap(([name, child]) => {
    const part = name in value ? only((value as Record<string, unknown>)[name], child) : undefined;
    return part === undefined ? [] : [[name, part] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function without(value: unknown, node: MaskNode): unknown {
  if (node.whole) return undefined;
  if (node.children.size === 0) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => without(item, node));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const child = node.children.get(name);
      const part: unknown = child === undefined ? item : without(item, child);
      return part === undefined ? [] : [[name, part] as const];
    }),
  );
}
