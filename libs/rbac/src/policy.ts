/** Policy text (Casbin's CSV, F10) to rules and memberships. */

export interface PolicyRule {
  readonly subject: string;
  /** These three are patterns in the policy's match mode. */
  readonly resource: string;
  readonly action: string;
  readonly object: string;
  readonly effect: 'allow' | 'deny';
}

export interface Membership {
  readonly member: string;
  readonly role: string;
}

/** A line that was not understood: it grants and denies nothing. */
export interface PolicyProblem {
  readonly line: number;
  readonly message: string;
}

export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly memberships: readonly Membership[];
  readonly problems: readonly PolicyProblem[];
}

/** Reads `p, subject, resource, action, object, effect` and `g, member, role`; blank lines and # comments are skipped. */
export function parsePolicy(text: string): Policy {
  const rules: PolicyRule[] = [];
  const memberships: Membership[] = [];
  const problems: PolicyProblem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const parsed = parseLine(trimmed);
    if (typeof parsed === 'string') problems.push({ line: index + 1, message: parsed });
    else if ('role' in parsed) memberships.push(parsed);
    else rules.push(parsed);
  }
  return { rules, memberships, problems };
}

function parseLine(line: string): PolicyRule | Membership | string {
  const [kind, ...fields] = splitFields(line);
  if (kind === 'p') return parseRule(fields);
  return kind === 'g' ? parseMembership(fields) : `"${kind}" is neither p nor g`;
}

function parseMembership(fields: readonly string[]): Membership | string {
  const [member, role] = fields;
  return fields.length === 2 && member && role ? { member, role } : 'write it as "g, member, role"';
}

function parseRule(fields: readonly string[]): PolicyRule | string {
  if (fields.length !== 5) return 'write it as "p, subject, resource, action, object, allow|deny"';
  const [subject, resource, action, object, effect] = fields as [string, string, string, string, string];
  if (effect !== 'allow' && effect !== 'deny') return `the effect "${effect}" is neither allow nor deny`;
  return subject === '' ? 'the subject is empty' : { subject, resource, action, object, effect };
}

/** Fields may be quoted, with "" for a quote, as in CSV. */
function splitFields(line: string): readonly string[] {
  const fields = line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g);
  const values = [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.trim() ?? '');
  return line.endsWith(',') ? values : values.slice(0, -1);
}
