/** Spans of the repo-server (M07): what is asked of Git hosts, and how a source becomes manifests. */
import type { GitRequestReport } from '@tiphys/git';
import type { EndedWork, Tracer } from '@tiphys/runtime';
import type { SourcePlace } from './manifests/open-source.js';
import type { RenderSource } from './manifests/render-source.js';

/** For Tracer.record. */
export function gitSpan({ url, type, ms, ok }: GitRequestReport): readonly [name: string, ended: EndedWork] {
  const failure = ok ? {} : { failure: 'the request failed' };
  return [`git ${type}`, { kind: 'client', durationMs: ms, fields: { 'git.repository': url }, ...failure }];
}

export function tracedRenders(tracer: Tracer, render: RenderSource): RenderSource {
  return (request, signal) => {
    const { source, place } = request;
    const { path, chart } = source;
    const repository = repositoryOf(place);
    const fields = { 'source.repository': repository, 'source.path': path, 'source.chart': chart };
    return tracer.span('render', { fields }, async (span) => {
      const rendered = await render(request, signal);
      const { resolved, sourceType, cached } = rendered;
      span.set({ 'source.revision': resolved.commit, 'source.type': sourceType, 'source.cached': cached });
      return rendered;
    });
  };
}

function repositoryOf(place: SourcePlace): string {
  if (place.kind === 'files') return 'files of the request';
  return place.kind === 'git' ? place.remote.url : place.repository.url;
}
