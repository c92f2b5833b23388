/** What a version of a chart, or a folder in a registry, says about itself. */
import { create } from '@bufbuild/protobuf';
import { readChartMetadata } from '@tiphys/manifests';
import { GitOpsError } from '@tiphys/model';
import { GetChartMetadataResponseSchema, GetOciMetadataResponseSchema } from '@tiphys/proto';
import { type OpenDeps, openPlace, resolvePlace } from '../manifests/open-source.js';
import type { Handlers } from './handlers.js';
import { toPlace } from './requests.js';

/** Argo CD's ChartDetails. */
export function getChartMetadataWith(deps: OpenDeps): Handlers['getChartMetadata'] {
  return async ({ repository, chart, revision }, signal) => {
    const place = toPlace(repository, { chart });
    if (place.kind !== 'chart') {
      throw new GitOpsError(
        'InvalidSpec',
        'The source is no chart of a Helm repository. Ask for its revision metadata.',
      );
    }
    const asked = { revision, cacheMode: 'normal', resolvedAfterMs: 0 } as const;
    const { tree } = await openPlace(deps, { place, asked }, signal);
    const { description, home, maintainers } = await readChartMetadata(tree, '');
    return create(GetChartMetadataResponseSchema, { description, home, maintainers: [...maintainers] });
  };
}

const PREFIX = 'org.opencontainers.image.';

/** Argo CD's OCIMetadata. */
export function getOciMetadataWith(deps: OpenDeps): Handlers['getOciMetadata'] {
  return async ({ repository, revision }, signal) => {
    const place = toPlace(repository, {});
    if (place.kind !== 'oci') {
      const next = 'Ask for its revision metadata, or write repoURL with oci://.';
      throw new GitOpsError('InvalidSpec', `The source is no folder of a registry. ${next}`);
    }
    const asked = { revision, cacheMode: 'normal', resolvedAfterMs: 0 } as const;
    const { commit: digest } = await resolvePlace(deps, { place, asked }, signal);
    const annotations = await deps.artifacts.client.annotations({ repository: place.repository, digest }, signal);
    const text = (name: string): string => annotations[PREFIX + name] ?? '';
    return create(GetOciMetadataResponseSchema, {
      createdAt: text('created'),
      authors: text('authors'),
      imageUrl: text('url'),
      docsUrl: text('documentation'),
      sourceUrl: text('source'),
      version: text('version'),
      description: text('description'),
    });
  };
}
