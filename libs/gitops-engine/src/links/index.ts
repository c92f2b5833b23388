/** Deep links (P18): conditions and addresses of an administrator, evaluated over objects; nothing runs, nothing is fetched. */
import { evaluateExpression, type LinkData } from './evaluate-expression.js';
import { LinkFailure } from './failure.js';
import { renderTemplate } from './render-template.js';

export type { LinkData } from './evaluate-expression.js';

/** An entry of `application.links`, `resource.links` or `project.links` of argocd-cm. */
export interface DeepLink {
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
  /** Shown when it is absent, or true. */
  readonly condition?: string;
}

export interface ShownLink {
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
}

export interface EvaluatedLinks {
  readonly links: readonly ShownLink[];
  /** Of links that are left out because they cannot be evaluated: for the administrator's log, not for callers. */
  readonly problems: readonly string[];
}

/** In the order of the settings. Never throws: a link that fails is left out and named among the problems. */
export function evaluateLinks(links: readonly DeepLink[], data: LinkData): EvaluatedLinks {
  const results = links.map((link) => evaluateLink(link, data));
  return {
    links: results.flatMap((result) => (typeof result === 'object' ? [result] : [])),
    problems: results.filter((result) => typeof result === 'string'),
  };
}

/** Undefined: not to be shown; a text: why not. */
function evaluateLink({ condition, ...link }: DeepLink, data: LinkData): ShownLink | string | undefined {
  try {
    if (condition !== undefined && !isShown(condition, data)) return undefined;
    const url = renderTemplate(link.url, data);
    if (runsInBrowser(url)) throw new LinkFailure('its address would run in the browser: use http or https');
    return { ...link, url };
  } catch (error) {
    return `link "${link.title}": ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isShown(condition: string, data: LinkData): boolean {
  const result = evaluateExpression(condition, data);
  if (typeof result === 'boolean') return result;
  throw new LinkFailure(`its condition ${condition} is neither true nor false: compare with something, e.g. != nil`);
}

/** Browsers skip control characters and spaces before and inside a scheme. */
function runsInBrowser(url: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return /^(?:javascript|data|vbscript):/i.test(url.replace(/[\u0000-\u0020]+/g, ''));
}
