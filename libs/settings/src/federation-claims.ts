/** Whether the claims of a token fit a rule of `federation.config`, and whether a rule fits strangers. */
import { compileGlob } from '@tiphys/model';
import { isRecord } from './reader.js';

/** Claim name to globs, of which one must fit. */
export type WantedClaims = Readonly<Record<string, readonly string[]>>;

/**
 * The claims of the token that the rule looks at, each as the text that fits; undefined when one does not fit. A claim
 * that is a list fits by one of its entries. `a/b` looks into the object `a` unless a claim has that very name, as those
 * of Kubernetes (`kubernetes.io/namespace`).
 */
export function fittingClaims(
  wanted: WantedClaims,
  claims: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  const fitting: Record<string, string> = {};
  for (const [name, globs] of Object.entries(wanted)) {
    const matchers = globs.map((glob) => compileGlob(glob, { separators: '/' }));
    const text = textsOf(claimAt(claims, name)).find((candidate) => matchers.some((matches) => matches(candidate)));
    if (text === undefined) return undefined;
    fitting[name] = text;
  }
  return fitting;
}

function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('/')) {
    value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

function textsOf(value: unknown): readonly string[] {
  const values = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return values.flatMap((entry) => {
    if (typeof entry === 'string') return entry;
    return typeof entry === 'number' || typeof entry === 'boolean' ? String(entry) : [];
  });
}

/** Issuers that sign for everybody: a rule must say whose tokens it means, by one of these claims. */
const SHARED_ISSUERS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'https://token.actions.githubusercontent.com': {
    repository: /^[^*?[{\\/]+\//,
    repository_owner: /^[^*?[{\\]+$/,
    repository_id: /^\d+$/,
    repository_owner_id: /^\d+$/,
    enterprise: /^[^*?[{\\]+$/,
    sub: /^repo:[^*?[{\\/:]+[/:]/,
  },
  'https://gitlab.com': {
    project_path: /^[^*?[{\\/]+\//,
    namespace_path: /^[^*?[{\\/]+(?:\/|$)/,
    project_id: /^\d+$/,
    namespace_id: /^\d+$/,
    sub: /^project_path:[^*?[{\\/:]+\//,
  },
  'https://agent.buildkite.com': {
    organization_slug: /^[^*?[{\\]+$/,
    organization_id: /^[^*?[{\\]+$/,
    sub: /^organization:[^*?[{\\:]+:/,
  },
  'https://app.terraform.io': {
    terraform_organization_name: /^[^*?[{\\]+$/,
    terraform_organization_id: /^[^*?[{\\]+$/,
    sub: /^organization:[^*?[{\\:]+:/,
  },
  'https://accounts.google.com': { sub: /^\d+$/, email: /^[^*?[{\\]+$/ },
};

/** Why a rule fits tokens of people whom nobody chose; undefined: it does not. */
export function isTooOpen(issuer: string, claims: WantedClaims): string | undefined {
  const owners = SHARED_ISSUERS[issuer.replace(/\/$/, '')];
  if (owners !== undefined) {
    const named = Object.entries(owners).some(([claim, owner]) => isNamed(claims[claim], owner));
    const names = Object.keys(owners).join(', ');
    return named
      ? undefined
      : `${issuer} signs for everybody, so one of ${names} must name the owner without a wildcard`;
  }
  const names = Object.values(claims).some((globs) => isNamed(globs, /^[^*?[{\\]/));
  return names ? undefined : 'at least one claim must begin with a text that is no wildcard';
}

function isNamed(globs: readonly string[] | undefined, owner: RegExp): boolean {
  return globs !== undefined && globs.length > 0 && globs.every((glob) => owner.test(glob));
}
