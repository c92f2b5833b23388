/** Orphaned resources per application for `argocd_app_orphaned_resources_count`: counted off the trees that are published. */
import type { AppKey } from '@tiphys/model';
import type { PublishedViews } from './adapters/resource-views.js';
import { keyOf } from './identity.js';

export interface OrphanCounts {
  readonly views: PublishedViews;
  /** Undefined where the project does not look for orphans, and before the first comparison. */
  readonly countOf: (key: AppKey) => number | undefined;
}

export function countOrphans(views: PublishedViews): OrphanCounts {
  const counts = new Map<AppKey, number>();
  return {
    countOf: (key) => counts.get(key),
    views: {
      ...views,
      publish: (app, published) => {
        const count = published.tree.orphanedNodes?.length;
        if (count === undefined) counts.delete(keyOf(app));
        else counts.set(keyOf(app), count);
        return views.publish(app, published);
      },
      forget: (app) => {
        counts.delete(keyOf({ metadata: app }));
        return views.forget(app);
      },
    },
  };
}
