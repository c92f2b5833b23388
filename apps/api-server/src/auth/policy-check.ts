/** What of argocd-rbac-cm cannot be used: a policy text with a line that is not understood, an unknown match mode. */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { MATCH_MODES, parsePolicy } from '@tiphys/rbac';
import type { SettingsInputs, SettingsProblem } from '@tiphys/settings';

/** One problem for each text: with a line of it missing, a policy may permit what it should deny. */
export function checkPolicy({ configMaps }: Pick<SettingsInputs, 'configMaps'>): readonly SettingsProblem[] {
  const data = configMaps[CONFIG_OBJECTS.rbac] ?? {};
  const texts = Object.entries(data).filter(([key]) => /^policy\.(?:.+\.)?csv$/.test(key));
  const broken = texts.flatMap(([key, text]) => {
    const [first, ...more] = parsePolicy(text).problems;
    if (first === undefined) return [];
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    return [{ key, message: `line ${first.line}: ${first.message}${others}` }];
  });
  const key = 'policy.matchMode';
  const mode = data[key]?.trim() ?? '';
  const isMode = mode === '' || MATCH_MODES.some((known) => known === mode);
  return isMode ? broken : [...broken, { key, message: `"${mode}" is not one of ${MATCH_MODES.join(', ')}` }];
}
