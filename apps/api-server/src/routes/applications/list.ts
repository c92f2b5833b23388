/** GET /api/v1/applications: a join of ready texts (user pain 1); nothing is serialized unless a field mask asks for less. */
import { createHash, randomBytes } from 'node:crypto';
import type { ApplicationListQuery, applicationRoutes } from '@tiphys/api-contract';
import { createAnswerCache } from '../../applications/answer-cache.js';
import { createClusterNames } from '../../applications/cluster-names.js';
import type { ApplicationDeps } from '../../applications/deps.js';
import { type FieldMask, parseFieldMask } from '../../applications/field-mask.js';
import { createMaskedTexts, type MaskedTexts } from '../../applications/masked-texts.js';
import { positionAfter } from '../../applications/order.js';
import { readPageToken, writePageToken } from '../../applications/page-token.js';
import type { ApplicationEntry } from '../../applications/store.js';
import { type ApplicationView, createApplicationViews, identityOf } from '../../applications/views.js';
import type { Handler } from '../../http/handler.js';
import type { Serialized } from '../../http/json.js';

type ListHandler = Handler<(typeof applicationRoutes.list)['schemas']>;

/** Two lists of 10,000 applications, or a thousand pages. */
const REMEMBERED_CHARACTERS = 64 * 1024 * 1024;

/** Equal questions between two changes get the same answer object, which the HTTP layer has then compressed already. */
export function createListApplications(deps: ApplicationDeps): ListHandler {
  const instance = randomBytes(4).toString('hex');
  const texts = createMaskedTexts();
  const views = createApplicationViews(deps, createClusterNames(deps.settings));
  const answers = createAnswerCache(REMEMBERED_CHARACTERS);
  return async ({ query }, { user }): Promise<Serialized> => {
    const { refresh: _, ...question } = query;
    const key = createHash('sha256')
      .update(JSON.stringify([identityOf(user), question]))
      .digest('base64url');
    // The access policy is part of the answer: settings and projects hold it.
    const version = [deps.store.version, deps.settings.version(), deps.projects.version].join('-');
    return answers.get({ key, version }, () => {
      const { limit: _limit, continue: _continue, counts: _counts, fields, ...viewQuery } = question;
      const page = pageOf(views.get(user, viewQuery), { query, viewQuery, now: deps.clock.now() });
      const serialized = listText(page, { deps, mask: parseFieldMask(fields), texts });
      return { serialized, etag: `W/"${instance}-${version}-${key.slice(0, 8)}"` };
    });
  };
}

interface Page {
  readonly entries: readonly ApplicationEntry[];
  /** Of the list, beside its resourceVersion. */
  readonly metadata: object;
}

interface PageRequest {
  readonly query: ApplicationListQuery;
  /** What the token of the next page is bound to. */
  readonly viewQuery: object;
  readonly now: Date;
}

function pageOf(view: ApplicationView, { query, viewQuery, now }: PageRequest): Page {
  const { limit = 0, continue: token = '', counts = false } = query;
  const { entries: all, order } = view;
  const start = token === '' ? 0 : positionAfter(all, readPageToken(token, viewQuery, now).after, order);
  const entries = limit === 0 ? all.slice(start) : all.slice(start, start + limit);
  const remaining = all.length - start - entries.length;
  const last = entries.at(-1);
  const next = remaining > 0 && last !== undefined ? order.positionOf(last) : undefined;
  return {
    entries,
    metadata: {
      ...(next === undefined ? {} : { continue: writePageToken(viewQuery, next, now), remainingItemCount: remaining }),
      ...(counts ? { counts: view.counts() } : {}),
    },
  };
}

interface ListContext {
  readonly deps: Pick<ApplicationDeps, 'store'>;
  readonly mask: FieldMask | undefined;
  readonly texts: MaskedTexts;
}

function listText({ entries, metadata }: Page, { deps, mask, texts }: ListContext): string {
  const shown = `"metadata":${JSON.stringify({ resourceVersion: String(deps.store.resourceVersion), ...metadata })}`;
  if (mask === undefined) return `{${shown},"items":[${entries.map(({ json }) => json).join(',')}]}`;
  const parts = [
    ...(mask.drops('metadata') ? [] : [shown]),
    ...(mask.drops('items') ? [] : [`"items":[${maskedItems(entries, mask, texts)}]`]),
  ];
  return `{${parts.join(',')}}`;
}

function maskedItems(entries: readonly ApplicationEntry[], mask: FieldMask, texts: MaskedTexts): string {
  const itemMask = mask.at('items');
  return entries.map((entry) => texts.textOf(entry, itemMask)).join(',');
}
