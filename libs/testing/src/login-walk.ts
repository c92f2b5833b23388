/** A login without a browser: follows redirects with cookies and fills in the form that it meets. */
import { type Dispatcher, request } from 'undici';

export interface LoginWalk {
  readonly start: string;
  /** Stops before a URL that starts with this: where the provider sends the user back to. */
  readonly until: string;
  /** Values of the form's fields. */
  readonly form?: Readonly<Record<string, string>>;
  readonly dispatcher?: Dispatcher;
}

const MAX_STEPS = 20;

/** The URL that the provider sends the user back to. Throws with the last answer when it does not. */
export async function walkLogin({ start, until, form = {}, dispatcher }: LoginWalk): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let body: string | undefined;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const answer = await request(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(body === undefined ? {} : { body }),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    const text = await answer.body.text();
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) remember(cookies, cookie);
    const { location } = answer.headers;
    if (answer.statusCode >= 300 && typeof location === 'string') {
      url = new URL(location, url).href;
      if (url.startsWith(until)) return url;
      body = undefined;
      continue;
    }
    if (answer.statusCode !== 200 || body !== undefined)
      throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
    const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    if (action !== undefined) url = new URL(action, url).href;
    body = new URLSearchParams(form).toString();
  }
  throw new Error(`no way from ${start} to ${until} in ${MAX_STEPS} steps`);
}

function remember(cookies: Map<string, string>, header: string): void {
  const [, name, value] = /^([^=;]+)=([^;]*)/.exec(header) ?? [];
  if (name !== undefined && value !== undefined) cookies.set(name, value);
}
