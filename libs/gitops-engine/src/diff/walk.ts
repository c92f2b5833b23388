/** The state of one comparison walk: where it is, what it found. */
import type { JsonValue } from '@tiphys/model';
import { type Ownership, ownedElement, ownedField } from './ownership.js';

/** One place where target and live do not agree, or where only the API server can tell. */
export interface Finding {
  readonly place: Place;
  readonly target: JsonValue | undefined;
  readonly live: JsonValue | undefined;
  /** Set: only a dry run can tell, for this reason. */
  readonly unsureBecause: string | undefined;
}

export interface Place {
  /** As shown to users: `spec.template.spec.containers[name=app].image`. */
  readonly path: string;
  /** Field names only, for rules about known types. */
  readonly names: readonly string[];
  /** Of this place; inside an atomic value that of the whole value. */
  readonly ownership: Ownership;
  /** Inside a list or map that is replaced as a whole: what the target does not set there is removed. */
  readonly atomic: boolean;
}

export interface Walk {
  readonly builtIn: boolean;
  readonly findings: Finding[];
  /** Compares a value that the target sets with the live one; adds to `findings`. */
  compare(place: Place, target: JsonValue, live: JsonValue | undefined): void;
  /** Judges a live value that the target does not set. */
  judgeExtra(place: Place, live: JsonValue): void;
}

export function rootPlace(ownership: Ownership): Place {
  return { path: '', names: [], ownership, atomic: false };
}

export function fieldPlace(place: Place, name: string): Place {
  return {
    path: joinPath(place.path, name),
    names: [...place.names, name],
    ownership: place.atomic ? place.ownership : ownedField(place.ownership, name),
    atomic: place.atomic,
  };
}

/** An element of an associative list, or a member of a set. */
export function elementPlace(place: Place, element: JsonValue, keys: readonly string[]): Place {
  const selector = keys.length === 0 ? `=${String(element)}` : keys.flatMap((key) => keyText(element, key)).join(',');
  return { ...place, path: `${place.path}[${selector}]`, ownership: ownedElement(place.ownership, element, keys) };
}

/** An element of an atomic list. */
export function indexPlace(place: Place, index: number): Place {
  return { ...place, path: `${place.path}[${index}]`, atomic: true };
}

export function different(walk: Walk, place: Place, sides: Pick<Finding, 'target' | 'live'>): void {
  walk.findings.push({ place, target: sides.target, live: sides.live, unsureBecause: undefined });
}

/** `because` completes the sentence "<path>: ...". */
export function unsure(walk: Walk, place: Place, sides: Pick<Finding, 'target' | 'live'> & { because: string }): void {
  walk.findings.push({ place, target: sides.target, live: sides.live, unsureBecause: sides.because });
}

export function fieldName(place: Place): string {
  return place.names.at(-1) ?? '';
}

/** Names that are not plain words are quoted: `metadata.annotations["example.com/a"]`. */
export function joinPath(path: string, name: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return `${path}["${name}"]`;
  return path === '' ? name : `${path}.${name}`;
}

function keyText(element: JsonValue, key: string): readonly string[] {
  const value = (element as Readonly<Record<string, JsonValue | undefined>>)[key];
  return value === undefined ? [] : [`${key}=${String(value)}`];
}
