/** Policy text (Casbin's CSV, F10) to rules and memberships. */
import { readCsvLine } from './csv-line.js';

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

/** A line that grants and denies nothing. */
export interface PolicyProblem {
  readonly line: number;
  readonly message: string;
  /**
   * `warning`: Argo CD accepts the line, and it has no effect there either. `error`: Argo CD refuses the whole policy, or
   * every request, because of it; nobody knows what was meant, perhaps a `deny`.
   */
  readonly severity: 'warning' | 'error';
}

export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly memberships: readonly Membership[];
  readonly problems: readonly PolicyProblem[];
}

type Line =
  | { readonly kind: 'rule'; readonly rule: PolicyRule }
  | { readonly kind: 'membership'; readonly membership: Membership }
  | { readonly kind: PolicyProblem['severity']; readonly message: string };

/** Reads `p, subject, resource, action, object, effect` and `g, member, role`; blank lines and # comments are skipped. */
export function parsePolicy(text: string): Policy {
  const rules: PolicyRule[] = [];
  const memberships: Membership[] = [];
  const problems: PolicyProblem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const parsed = parseLine(trimmed);
    if (parsed.kind === 'rule') rules.push(parsed.rule);
    else if (parsed.kind === 'membership') memberships.push(parsed.membership);
    else problems.push({ line: index + 1, message: parsed.message, severity: parsed.kind });
  }
  return { rules, memberships, problems };
}

function parseLine(line: string): Line {
  const fields = readCsvLine(line);
  if (fields === undefined) return { kind: 'error', message: 'the quotes do not pair; write " as "" within quotes' };
  const [kind, ...values] = fields;
  if (kind === 'p') return parseRule(values);
  if (kind === 'g') return parseMembership(values);
  return { kind: 'error', message: `"${kind}" is neither p nor g` };
}

/** What follows the role is ignored, as in Casbin. */
function parseMembership([member, role]: readonly string[]): Line {
  if (member === undefined || role === undefined) return { kind: 'error', message: 'write it as "g, member, role"' };
  if (member === '' || role === '') return { kind: 'warning', message: 'the member or the role is empty' };
  return { kind: 'membership', membership: { member, role } };
}

/** An empty subject would be everybody in Argo CD; here it is nobody: it comes from a template that went wrong. */
function parseRule(fields: readonly string[]): Line {
  if (fields.length !== 5) {
    return { kind: 'error', message: 'write it as "p, subject, resource, action, object, allow|deny"' };
  }
  const [subject, resource, action, object, effect] = fields as [string, string, string, string, string];
  if (subject === '') return { kind: 'warning', message: 'the subject is empty' };
  if (effect !== 'allow' && effect !== 'deny') {
    return { kind: 'warning', message: `the effect "${effect}" is neither allow nor deny` };
  }
  return { kind: 'rule', rule: { subject, resource, action, object, effect } };
}
