/** Which of the installation's URLs a request came to, and where a login may return to: no open redirect (F25). */

export interface InstallationUrls {
  readonly url: string | undefined;
  readonly additionalUrls: readonly string[];
}

/** The configured URL with the request's host, else `url`. The host of a request never becomes part of an answer. */
export function baseUrlOf({ url, additionalUrls }: InstallationUrls, host: string): string | undefined {
  const candidates = url === undefined ? additionalUrls : [url, ...additionalUrls];
  return candidates.find((candidate) => URL.canParse(candidate) && new URL(candidate).host === host) ?? url;
}

/**
 * The address as a browser will read it, when it lies at or below one of the installation's URLs: same scheme, host and
 * port. Undefined for all others, also for relative ones, as in Argo CD.
 */
export function permittedReturnUrl(returnUrl: string, { url, additionalUrls }: InstallationUrls): string | undefined {
  if (!URL.canParse(returnUrl)) return undefined;
  const wanted = new URL(returnUrl);
  if (wanted.username !== '' || wanted.password !== '') return undefined;
  const allowed = url === undefined ? additionalUrls : [url, ...additionalUrls];
  const permitted = allowed.some((candidate) => {
    if (!URL.canParse(candidate)) return false;
    const base = new URL(candidate);
    const path = base.pathname.replace(/\/+$/, '');
    return wanted.origin === base.origin && (wanted.pathname === path || wanted.pathname.startsWith(`${path}/`));
  });
  return permitted ? wanted.href : undefined;
}
