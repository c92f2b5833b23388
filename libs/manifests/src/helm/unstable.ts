/** Functions of templates that make the output change by itself, or that would need a cluster: found where they can be called. */

export interface TemplateText {
  readonly path: string;
  readonly text: string;
}

const UNSTABLE = [
  'lookup',
  'now',
  'ago',
  'randAlphaNum',
  'randAlpha',
  'randAscii',
  'randNumeric',
  'randBytes',
  'randInt',
  'shuffle',
  'uuidv4',
  'genPrivateKey',
  'genCA',
  'genCAWithKey',
  'genSelfSignedCert',
  'genSelfSignedCertWithKey',
  'genSignedCert',
  'genSignedCertWithKey',
  'encryptAES',
  'bcrypt',
  'htpasswd',
  'getHostByName',
] as const;

/** Keywords that an `end` belongs to. */
const OPENING = /^(if|range|with|define|block)\b/;
const NAMED = /^(?:define|block)\s+"([^"]*)"/;
const CALL = new RegExp(`(?<![.\\w$-])(${UNSTABLE.join('|')})(?![\\w-])`, 'g');

/** `include "name"`, `template "name"`, or with a name that only the run knows. */
const INCLUDE = /(?<![.\w$-])(?:include|template|block)\s+(?:"([^"]*)"|\S)/g;
const NAMED_FILES = 3;

/** A named template, or what stands outside of them in one file. */
interface Part {
  readonly path: string;
  readonly name: string | undefined;
  readonly calls: Set<string>;
  readonly includes: Set<string>;
  /** It includes templates by names that only the run knows, or makes templates of values. */
  dynamic: boolean;
}

/** One warning per function, with the files that call it. Helpers that nothing includes, as library charts have them, do not count. */
export function unstableWarnings(templates: readonly TemplateText[]): readonly string[] {
  const files = new Map<string, Set<string>>();
  for (const { path, calls } of reachable(templates.flatMap(partsOf))) {
    for (const name of calls) files.set(name, (files.get(name) ?? new Set()).add(path));
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, paths]) => describe(name, [...paths].sort()));
}

function partsOf({ path, text }: TemplateText): readonly Part[] {
  const top = newPart(path, undefined);
  const parts = [top];
  const open: Part[] = [top];
  for (const action of actionsOf(text)) {
    const trimmed = action.replace(/^-/, '').trim();
    if (trimmed.startsWith('/*')) continue;
    const current = open.at(-1) ?? top;
    record(current, trimmed);
    const name = NAMED.exec(trimmed)?.[1];
    if (name !== undefined) {
      parts.push(newPart(path, name));
      open.push(parts.at(-1) ?? top);
    } else if (OPENING.test(trimmed)) open.push(current);
    else if (/^end\b/.test(trimmed) && open.length > 1) open.pop();
  }
  return parts;
}

function newPart(path: string, name: string | undefined): Part {
  return { path, name, calls: new Set(), includes: new Set(), dynamic: false };
}

function record(part: Part, action: string): void {
  for (const [, name] of action.matchAll(INCLUDE)) {
    if (name === undefined) part.dynamic = true;
    else part.includes.add(name);
  }
  const code = withoutTexts(action);
  for (const [call] of code.matchAll(CALL)) part.calls.add(call);
  if (/\btpl\b/.test(code)) part.dynamic = true;
}

/** What stands between `{{` and `}}`. Time is linear, whatever the text. */
function actionsOf(text: string): readonly string[] {
  const actions: string[] = [];
  for (let start = text.indexOf('{{'); start >= 0; ) {
    const end = text.indexOf('}}', start + 2);
    if (end < 0) break;
    actions.push(text.slice(start + 2, end));
    start = text.indexOf('{{', end + 2);
  }
  return actions;
}

/** Texts in an action say nothing about what it calls. Linear as well. */
function withoutTexts(action: string): string {
  let code = '';
  let quote = '';
  for (let index = 0; index < action.length; index += 1) {
    const character = action[index] ?? '';
    if (quote === '') {
      if (character === '"' || character === '`') quote = character;
      code += character;
    } else if (character === '\\' && quote === '"') index += 1;
    else if (character === quote) quote = '';
  }
  return code;
}

/** From what Helm prints: files whose names do not begin with an underscore. */
function reachable(parts: readonly Part[]): readonly Part[] {
  const reached = new Set(parts.filter(({ path, name }) => name === undefined && !/\/(_[^/]*|NOTES\.txt)$/.test(path)));
  const byName = new Map<string, Part[]>();
  for (const part of parts) {
    const known = byName.get(part.name ?? '');
    if (known === undefined) byName.set(part.name ?? '', [part]);
    else known.push(part);
  }
  // A set may grow while it is walked.
  for (const part of reached) {
    if (part.dynamic) return parts.filter(({ path }) => !path.endsWith('/NOTES.txt'));
    for (const included of [...part.includes].flatMap((name) => byName.get(name) ?? [])) reached.add(included);
  }
  return [...reached];
}

function describe(name: string, paths: readonly string[]): string {
  const more = paths.length > NAMED_FILES ? ` and ${paths.length - NAMED_FILES} more` : '';
  const where = `${paths.slice(0, NAMED_FILES).join(', ')}${more}`;
  if (name === 'lookup') {
    return `${where}: "lookup" finds nothing when manifests are rendered, as no cluster is asked. Give the value in the values instead.`;
  }
  const why = 'may give another result with every render, so that the application does not stay in sync';
  return `${where}: "${name}" ${why}. Give the value in the values, or ignore the difference.`;
}
