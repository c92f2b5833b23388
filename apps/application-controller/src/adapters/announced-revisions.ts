/** What the API server kept of webhooks, from the authenticated cache; without it nobody waits. */
import type { AuthenticatedCache } from '@tiphys/cache';
import { announcedRevisionKey, normalizeGitUrl, parseAnnouncedRevision } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import type { AnnouncedRevisions } from '../ports.js';

export interface AnnouncedRevisionsDeps {
  readonly cache: Pick<AuthenticatedCache, 'getJson'>;
  readonly log: Logger;
}

const MAX_REMEMBERED = 1_000;

export function createAnnouncedRevisions({ cache, log }: AnnouncedRevisionsDeps): AnnouncedRevisions {
  /** Told once, however many applications follow the revision. */
  const told = new Set<string>();
  return {
    read: (sources) =>
      Promise.all(sources.map((source) => cache.getJson(announcedRevisionKey(source), parseAnnouncedRevision))),
    missed: (source, { announced, resolved }) => {
      const key = `${announcedRevisionKey(source)} ${announced.at}`;
      if (told.has(key)) return;
      told.add(key);
      const [oldest] = told;
      if (told.size > MAX_REMEMBERED && oldest !== undefined) told.delete(oldest);
      log.warn('what a webhook announced has not come: going on with what the host names', {
        ...{ repoURL: normalizeGitUrl(source.repoURL), targetRevision: source.targetRevision },
        ...{ announced: announced.after, named: resolved, announcedAt: new Date(announced.at).toISOString() },
      });
    },
  };
}
