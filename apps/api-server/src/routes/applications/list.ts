/** GET /api/v1/applications: a join of ready texts (user pain 1); nothing is serialized unless a field mask asks for less. */
import { createHash, randomBytes } from 'node:crypto';
import type { ApplicationQuery, applicationRoutes } from '@tiphys/api-contract';
import type { ApplicationDeps } from '../../applications/deps.js';
import { type FieldMask, parseFieldMask } from '../../applications/field-mask.js';
import { createFilter } from '../../applications/filter.js';
import { createMaskedTexts, type MaskedTexts } from '../../applications/masked-texts.js';
import { accessNameOf } from '../../applications/names.js';
import type { ApplicationEntry } from '../../applications/store.js';
import type { Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import type { Serialized } from '../../http/json.js';

type ListHandler = Handler<(typeof applicationRoutes.list)['schemas']>;

const REMEMBERED = 16;

/** Equal questions between two changes get the same answer object, which the HTTP layer has then compressed already. */
export function createListApplications(deps: ApplicationDeps): ListHandler {
  const instance = randomBytes(4).toString('hex');
  const texts = createMaskedTexts();
  const answers = new Map<string, { readonly version: string; readonly answer: Serialized }>();
  return async ({ query }, { user }) => {
    const { refresh: _, ...question } = query;
    const key = createHash('sha256')
      .update(JSON.stringify([user.username, user.groups, question]))
      .digest('hex');
    // The access policy is part of the answer: settings and projects hold it.
    const version = [deps.store.version, deps.settings.version(), deps.projects.version].join('-');
    const known = answers.get(key);
    if (known?.version === version) return known.answer;
    const etag = `W/"${instance}-${version}-${key.slice(0, 8)}"`;
    const answer = { serialized: listText(visible(deps, user, query), { deps, query, texts }), etag };
    answers.delete(key);
    answers.set(key, { version, answer });
    const [oldest] = answers.keys();
    if (answers.size > REMEMBERED && oldest !== undefined) answers.delete(oldest);
    return answer;
  };
}

/** The applications that match the query and that the user may see. */
export function visible(
  deps: Pick<ApplicationDeps, 'store' | 'authorizer' | 'namespace'>,
  user: Subject,
  query: ApplicationQuery,
): readonly ApplicationEntry[] {
  const matches = createFilter(query);
  const mayGet = ({ application }: ApplicationEntry): boolean =>
    deps.authorizer(user, {
      resource: 'applications',
      action: 'get',
      object: accessNameOf(application, deps.namespace),
    });
  return deps.store.list().filter((entry) => matches(entry.application) && mayGet(entry));
}

interface ListContext {
  readonly deps: Pick<ApplicationDeps, 'store'>;
  readonly query: ApplicationQuery;
  readonly texts: MaskedTexts;
}

function listText(entries: readonly ApplicationEntry[], { deps, query, texts }: ListContext): string {
  const metadata = `"metadata":{"resourceVersion":"${deps.store.resourceVersion}"}`;
  const mask = parseFieldMask(query.fields);
  if (mask === undefined) return `{${metadata},"items":[${entries.map(({ json }) => json).join(',')}]}`;
  const parts = [
    ...(mask.drops('metadata') ? [] : [metadata]),
    ...(mask.drops('items') ? [] : [`"items":[${maskedItems(entries, mask, texts)}]`]),
  ];
  return `{${parts.join(',')}}`;
}

function maskedItems(entries: readonly ApplicationEntry[], mask: FieldMask, texts: MaskedTexts): string {
  const itemMask = mask.at('items');
  return entries.map((entry) => texts.textOf(entry, itemMask)).join(',');
}
