/**
 * POST /api/v1/applications/manifestsWithFiles (N02): what an application would be with files that the caller sends in the
 * place of its repository. The files are rendered alone: nothing that they name elsewhere is fetched, or they would be a way to
 * read with the project's credentials; and no plugin runs what they say.
 */
import { createHash } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import type { applicationStateRoutes, ManifestsWithFilesBody } from '@tiphys/api-contract';
import { sourcesOf } from '@tiphys/model';
import { findApplication } from '../../applications/find.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import type { ApplicationStateDeps } from './deps.js';
import { manifestsAnswer, renderRequest } from './manifests.js';

type Routes = typeof applicationStateRoutes;

const NOTHING = ['!*'];

export function createGetManifestsWithFiles(
  deps: ApplicationStateDeps,
): Handler<Routes['manifestsWithFiles']['schemas']> {
  return async ({ body }, { user, signal }) => {
    const { query, archive } = readParts(body);
    const { application } = findApplication(deps.applications, user, { ...query, action: 'get' });
    const [source] = sourcesOf(application.spec);
    if (source === undefined) throw new ApiError('failedPrecondition', `application ${query.name} has no source`);
    if (source.chart) {
      throw new ApiError(
        'failedPrecondition',
        `the source of ${query.name} is a chart of a repository: it has no path`,
      );
    }
    const answer = await deps.repoServer.generateManifests(
      {
        ...(await renderRequest(deps, application, signal)),
        ...{ chartRepositories: [], gitRepositories: [], permittedSources: NOTHING, manifestGeneratePaths: '' },
        sources: [{ repository: { url: source.repoURL }, applicationSource: source as unknown as JsonObject }],
        localFiles: { archive, checksum: query.checksum },
      },
      signal,
    );
    return manifestsAnswer(deps, application, answer);
  };
}

/** The first part says what the others are of. @throws ApiError invalidArgument */
function readParts([first, ...rest]: ManifestsWithFilesBody) {
  const query = first?.query;
  if (query === undefined) {
    throw new ApiError('invalidArgument', 'the first line must be {"query":{"name":…,"checksum":…}}');
  }
  const pieces = rest.map(({ chunk }, index) => {
    if (chunk === undefined)
      throw new ApiError('invalidArgument', `line ${index + 2} must be {"chunk":{"chunk":base64}}`);
    return Buffer.from(chunk.chunk, 'base64');
  });
  const archive = Buffer.concat(pieces);
  if (archive.length === 0) throw new ApiError('invalidArgument', 'no files were sent: chunks follow the first line');
  const checksum = createHash('sha256').update(archive).digest('hex');
  if (checksum !== query.checksum.toLowerCase()) {
    throw new ApiError('invalidArgument', 'the checksum is not the SHA-256 (hex) of the chunks; send them again');
  }
  return { query, archive };
}
