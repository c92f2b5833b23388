/**
 * What the texts of a chart can look at: a chart that never mentions `.Files` does not depend on its other files, one that
 * never mentions `.Capabilities` does not depend on the cluster. Also which functions make the output change by itself.
 */

export interface TextUse {
  /** `.Files` is mentioned, so every file of the chart may be read. */
  readonly files: boolean;
  /** `.Capabilities` is mentioned, so Kubernetes version and API list matter. */
  readonly capabilities: boolean;
  /** `tpl` makes templates of values. */
  readonly tpl: boolean;
  /** Functions whose result changes from run to run, or that would need a cluster. */
  readonly unstable: readonly string[];
}

export const NO_USE: TextUse = { files: false, capabilities: false, tpl: false, unstable: [] };

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

const ACTION = /\{\{-?([\s\S]*?)\}\}/g;
/** Comments and texts in an action say nothing about what it calls. */
const QUIET = /\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|`[^`]*`/g;
const CALL = new RegExp(`(?<![.\\w$-])(${UNSTABLE.join('|')})(?![\\w-])`, 'g');

/** Mentions count wherever they stand, also in texts and comments: too often is safe, too seldom is not. */
export function scanTemplate(text: string): TextUse {
  const unstable = new Set<string>();
  for (const [, action = ''] of text.matchAll(ACTION)) {
    for (const [call] of action.replace(QUIET, '""').matchAll(CALL)) unstable.add(call);
  }
  return { ...scanText(text), tpl: /\btpl\b/.test(text), unstable: [...unstable].sort() };
}

/** Values, which only matter where `tpl` makes templates of them. */
export function scanText(text: string): TextUse {
  return { ...NO_USE, files: /Files/.test(text), capabilities: /Capabilities/.test(text) };
}

export function mergeUse(uses: readonly TextUse[]): TextUse {
  return {
    files: uses.some(({ files }) => files),
    capabilities: uses.some(({ capabilities }) => capabilities),
    tpl: uses.some(({ tpl }) => tpl),
    unstable: [...new Set(uses.flatMap(({ unstable }) => unstable))].sort(),
  };
}

export interface ScannedTemplate {
  readonly path: string;
  readonly use: TextUse;
}

const NAMED_FILES = 3;

/** One warning per function, with the files that call it. */
export function unstableWarnings(templates: readonly ScannedTemplate[]): readonly string[] {
  const files = new Map<string, string[]>();
  for (const { path, use } of templates) {
    if (path.endsWith('/NOTES.txt')) continue;
    for (const name of use.unstable) files.set(name, [...(files.get(name) ?? []), path]);
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, paths]) => describe(name, paths));
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
