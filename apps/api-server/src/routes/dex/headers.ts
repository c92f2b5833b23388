/** Which headers pass between a browser and Dex. */
type Headers = Record<string, string | string[]>;
type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Of one connection only (RFC 9110 7.6.1), or made anew. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'host', 'content-length', 'expect'],
]);
/** What only a proxy in front of us may say. */
const CLAIMED = /^(?:x-remote-.*|x-forwarded-.*|forwarded)$/;

export function dexRequest(headers: ReceivedHeaders, trustProxy: boolean): Headers {
  const passed = Object.entries(endToEndHeaders(headers)).filter(([name]) => trustProxy || !CLAIMED.test(name));
  const { cookie, authorization, ...rest } = Object.fromEntries(passed);
  // A session of ours is none of Dex's business; it knows no bearer tokens.
  const cookies = String(cookie ?? '')
    .split(/;\s*/)
    .filter((entry) => entry !== '' && !entry.startsWith('argocd.'));
  return {
    ...rest,
    ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    ...(authorization === undefined || /^bearer\s/i.test(String(authorization)) ? {} : { authorization }),
  };
}

export function endToEndHeaders(headers: ReceivedHeaders): Headers {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !HOP_BY_HOP.has(name));
  return Object.fromEntries(kept) as Headers;
}
