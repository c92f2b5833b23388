/** A login without a browser: follows redirects with cookies and fills in the form that it meets. */
import { type Dispatcher, request } from 'undici';

export interface LoginWalk {
  readonly start: string;
  /** Stops before a URL for which this is true: where the user is sent back to. A text: a URL that starts with it. */
  readonly until: string | ((url: string) => boolean);
  /** Values of the form's fields. */
  readonly form?: Readonly<Record<string, string>>;
  readonly dispatcher?: Dispatcher;
}

const MAX_STEPS = 20;

/** Where the walk ended. */
export interface LoginWalkEnd {
  readonly url: string;
  /** All cookies that were set on the way and not cleared again. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** Ends where the provider, or what asked it, sends the user back to. Throws with the last answer when it does not. */
export async function walkLogin({ start, until, form = {}, dispatcher }: LoginWalk): Promise<LoginWalkEnd> {
  const isEnd = typeof until === 'string' ? (url: string) => url.startsWith(until) : until;
  const visitor: Visitor = { cookies: new Map(), dispatcher };
  let place: Place = { url: start };
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const answer = await visit(visitor, place);
    if (answer.location !== undefined) {
      if (isEnd(answer.location)) return { url: answer.location, cookies: visitor.cookies };
      place = { url: answer.location };
    } else if (answer.status === 200 && place.body === undefined) {
      const action = /<form[^>]*action="([^"]+)"/.exec(answer.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
      place = { url: new URL(action, place.url).href, body: new URLSearchParams(form).toString() };
    } else {
      throw new Error(`${place.url} answered ${answer.status}: ${answer.text}`);
    }
  }
  throw new Error(`no way back from ${start} in ${MAX_STEPS} steps`);
}

interface Visitor {
  readonly cookies: Map<string, string>;
  readonly dispatcher: Dispatcher | undefined;
}

interface Place {
  readonly url: string;
  /** Of a form; absent: it is read. */
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

async function visit({ cookies, dispatcher }: Visitor, { url, body }: Place): Promise<Answer> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await request(url, {
    ...(body === undefined
      ? { method: 'GET', headers: { cookie } }
      : { method: 'POST', headers: { cookie, ...type }, body }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  for (const line of [answer.headers['set-cookie'] ?? []].flat()) remember(cookies, line);
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    text: await answer.body.text(),
    location: typeof location === 'string' ? new URL(location, url).href : undefined,
  };
}

function remember(cookies: Map<string, string>, line: string): void {
  const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
  if (name === undefined || value === undefined) return;
  if (value === '') cookies.delete(name);
  else cookies.set(name, value);
}
