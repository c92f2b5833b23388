/** Where the provider ends its own session (F25): `logoutURL` with its placeholders filled in. */

export interface LogoutFacts {
  readonly token: string;
  /** Where the provider is asked to send the user back to. */
  readonly base: string;
}

export function logoutLocation(logoutUrl: string, { token, base }: LogoutFacts): string {
  const values = { token, logoutRedirectURL: base };
  return logoutUrl.replace(/\{\{\s*(token|logoutRedirectURL)\s*\}\}/g, (_, name: keyof typeof values) =>
    encodeURIComponent(values[name]),
  );
}
