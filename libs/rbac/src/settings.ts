/** argocd-rbac-cm (F10, F11): policy texts, the default role, the match mode and the claims that hold groups. */

export const MATCH_MODES = ['glob', 'regex'] as const;
export type MatchMode = (typeof MATCH_MODES)[number];

export interface RbacSettings {
  /** `policy.csv` and every `policy.<name>.csv`, sorted by name. */
  readonly policyTexts: readonly string[];
  /** What everybody may do, also anonymous users; it cannot be denied (F15). Undefined: nothing. */
  readonly defaultRole: string | undefined;
  readonly matchMode: MatchMode;
  /** Token claims with the names of groups. */
  readonly scopes: readonly string[];
}

export function parseRbacSettings(argocdRbacCm: Readonly<Record<string, string>>): RbacSettings {
  const extra = Object.keys(argocdRbacCm)
    .filter((key) => key !== 'policy.csv' && /^policy\..+\.csv$/.test(key))
    .sort();
  const mode = argocdRbacCm['policy.matchMode']?.trim();
  const defaultRole = argocdRbacCm['policy.default']?.trim();
  return {
    policyTexts: ['policy.csv', ...extra].flatMap((key) => argocdRbacCm[key] ?? []),
    defaultRole: defaultRole === '' ? undefined : defaultRole,
    matchMode: mode === 'regex' ? 'regex' : 'glob',
    scopes: parseScopes(argocdRbacCm['scopes']),
  };
}

/** `[groups, email]`, also quoted. */
function parseScopes(text = '[groups]'): readonly string[] {
  const inner = text.trim().replace(/^\[|\]$/g, '');
  const scopes = inner.split(',').map((scope) => scope.trim().replace(/^(['"])(.*)\1$/, '$2'));
  return scopes.filter((scope) => scope !== '');
}
