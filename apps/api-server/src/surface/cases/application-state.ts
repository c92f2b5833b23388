/** Applications: state, manifests, resources, actions, logs (N02, N04). */
import { createHash } from 'node:crypto';
import { tarGzip } from '@tiphys/testing';
import { expect } from 'vitest';
import { type CaseTable, hidden, type InputOf, invalid, none, notFound, unreadable } from '../case.js';
import { asAdmin } from '../fixtures.js';
import { POD } from '../manifests.js';
import type { World } from '../world.js';

const absent = { params: { name: 'absent' } };
const shop = { params: { name: 'shop' } };
const NAMES_ONLY = none('it takes names only');
const CONFIG = { kind: 'ConfigMap', resourceName: 'settings' };
const DEPLOYMENT = { group: 'apps', kind: 'Deployment', resourceName: 'web' };

const resource = (world: World, more: Readonly<Record<string, string>> = CONFIG) => ({
  ...{ namespace: world.target, version: 'v1', group: '' },
  ...more,
});
const ofShop =
  (more?: Readonly<Record<string, string>>, body?: unknown): InputOf =>
  (world) => ({ ...shop, query: resource(world, more), ...(body === undefined ? {} : { body }) });
const ofAbsent =
  (body?: unknown): InputOf =>
  (world) => ({ ...absent, query: resource(world), ...(body === undefined ? {} : { body }) });
const foreign = { kind: 'ConfigMap', resourceName: 'kube-root-ca.crt' };
const MERGE = 'application/merge-patch+json';
const patch = JSON.stringify({ data: { patched: 'yes' } });

/** Files that take the place of the repository's; in pieces, as a client sends them. */
function withFiles(name: string) {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'local' } };
  const archive = tarGzip({ 'web/local.json': JSON.stringify(object) });
  const checksum = createHash('sha256').update(archive).digest('hex');
  const pieces = [archive.subarray(0, 20), archive.subarray(20)];
  return {
    body: [{ query: { name, checksum } }, ...pieces.map((piece) => ({ chunk: { chunk: piece.toString('base64') } }))],
  };
}

/** Names no value: the dry run answers with those of others (S21). */
const secretManifest = (world: World) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace: world.target } });

export const applicationStateCases: CaseTable = {
  ApplicationService_ResourceTree: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: NAMES_ONLY,
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"name":"login"'),
  },
  ApplicationService_ManagedResources: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: NAMES_ONLY,
    shows: (answer) => expect(JSON.stringify(answer)).toContain('"name":"login"'),
  },
  ApplicationService_GetManifests: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: invalid(() => ({ ...shop, query: { noCache: 'perhaps' } }), /noCache/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('++++'),
  },
  ApplicationService_GetManifestsWithFiles: {
    success: () => withFiles('shop'),
    missing: hidden(() => withFiles('absent')),
    invalid: invalid(() => ({ body: [{ query: { name: 'shop', checksum: 'x' } }] }), /no files were sent/),
    conflict: invalid(
      () => ({ body: [{ query: { name: 'shop', checksum: 'x' } }, { chunk: { chunk: 'eA==' } }] }),
      /checksum is not the SHA-256/,
    ),
    shows: (answer) =>
      expect(answer).toMatchObject({ manifests: [expect.stringContaining('"local"')], revision: 'streamed' }),
  },
  ApplicationService_ServerSideDiff: {
    success: (world) => ({ ...shop, query: { targetManifests: secretManifest(world) } }),
    missing: hidden((world) => ({ ...absent, query: { targetManifests: secretManifest(world) } })),
    invalid: invalid(() => ({ ...shop, query: { targetManifests: '{,' } }), /is not JSON/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('++++'),
  },
  ApplicationService_RevisionMetadata: {
    success: (world) => ({ params: { name: 'shop', revision: world.sources.commit } }),
    missing: hidden(() => ({ params: { name: 'absent', revision: 'main' } })),
    invalid: unreadable(() => ({ params: { name: 'shop', revision: 'a b' } }), /revision|commit/),
  },
  ApplicationService_RevisionChartDetails: {
    success: () => ({ params: { name: 'chart', revision: '1.2.3' } }),
    missing: hidden(() => ({ params: { name: 'absent', revision: '1.2.3' } })),
    invalid: unreadable(() => ({ params: { name: 'chart', revision: '9.9.9' } }), /9\.9\.9/),
    shows: (answer) => expect(answer).toMatchObject({ description: 'A page', home: 'https://example.com' }),
  },
  ApplicationService_GetOCIMetadata: {
    success: () => ({ params: { name: 'layers', revision: 'v1' } }),
    missing: hidden(() => ({ params: { name: 'absent', revision: 'v1' } })),
    invalid: unreadable(() => ({ params: { name: 'layers', revision: 'v9' } }), /v9/),
    shows: (answer) => expect(answer).toMatchObject({ authors: 'Ada' }),
  },
  ApplicationService_GetApplicationSyncWindows: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: NAMES_ONLY,
    shows: (answer) => expect(answer).toMatchObject({ canSync: true }),
  },
  ApplicationService_ListResourceEvents: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: NAMES_ONLY,
  },
  ApplicationService_WatchResourceTree: {
    success: () => shop,
    missing: hidden(() => absent),
    invalid: NAMES_ONLY,
  },
  ApplicationService_GetResource: {
    success: ofShop({ kind: 'Secret', resourceName: 'login' }),
    missing: hidden(ofAbsent()),
    invalid: invalid(ofShop(foreign), /not found as part of application/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('++++'),
  },
  ApplicationService_PatchResource: {
    success: ofShop({ ...CONFIG, patchType: MERGE }, patch),
    missing: hidden(ofAbsent(patch)),
    invalid: invalid(ofShop({ ...CONFIG, patchType: MERGE }, '{,'), /JSON/),
    conflict: invalid(ofShop({ ...foreign, patchType: MERGE }, patch), /not found as part of application/),
  },
  ApplicationService_DeleteResource: {
    success: async (world) => {
      await restoreDoomed(world);
      return { ...shop, query: resource(world, { kind: 'ConfigMap', resourceName: 'doomed' }) };
    },
    missing: hidden(ofAbsent()),
    invalid: invalid(ofShop({ ...CONFIG, force: 'perhaps' }), /force/),
    conflict: invalid(ofShop(foreign), /not found as part of application/),
  },
  ApplicationService_ListResourceLinks: {
    success: ofShop({ kind: 'Secret', resourceName: 'login' }),
    missing: hidden(ofAbsent()),
    invalid: invalid(ofShop(foreign), /not found as part of application/),
  },
  ApplicationService_ListResourceActions: {
    success: ofShop(DEPLOYMENT),
    missing: hidden(ofAbsent()),
    invalid: invalid(ofShop(foreign), /not found as part of application/),
    shows: (answer) => expect(JSON.stringify(answer)).toContain('restart'),
  },
  ApplicationService_RunResourceAction: {
    success: ofShop(DEPLOYMENT, 'restart'),
    missing: hidden(ofAbsent('restart')),
    invalid: invalid(ofShop(DEPLOYMENT, ''), /body/),
    conflict: notFound(ofShop(DEPLOYMENT, 'fly'), /fly/),
  },
  ApplicationService_RunResourceActionV2: {
    success: (world) => ({ ...shop, body: { ...resource(world, DEPLOYMENT), action: 'restart' } }),
    missing: hidden((world) => ({ ...absent, body: { ...resource(world, DEPLOYMENT), action: 'restart' } })),
    invalid: invalid((world) => ({ ...shop, body: { ...resource(world, DEPLOYMENT), action: '' } }), /action/),
    conflict: notFound((world) => ({ ...shop, body: { ...resource(world, DEPLOYMENT), action: 'fly' } }), /fly/),
  },
  ApplicationService_PodLogs: {
    success: (world) => ({ params: { name: 'shop', podName: POD }, query: { namespace: world.target } }),
    missing: hidden((world) => ({ params: { name: 'absent', podName: POD }, query: { namespace: world.target } })),
    invalid: invalid(
      (world) => ({ params: { name: 'shop', podName: POD }, query: { namespace: world.target, tailLines: 'x' } }),
      /tailLines/,
    ),
    shows: (answer) => expect(answer).toMatchObject({ result: { content: 'hello', podName: POD } }),
  },
  ApplicationService_PodLogs2: {
    success: (world) => ({ ...shop, query: { namespace: world.target, kind: 'Pod', resourceName: POD } }),
    missing: hidden((world) => ({ ...absent, query: { namespace: world.target, kind: 'Pod', resourceName: POD } })),
    invalid: invalid((world) => ({ ...shop, query: { namespace: world.target, sinceTime: 'yesterday' } }), /sinceTime/),
  },
};

/** A case before may have deleted it. */
async function restoreDoomed(world: World): Promise<void> {
  const metadata = { name: 'doomed', namespace: world.target };
  await world.kube.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } });
  await asAdmin(world, 'ApplicationService_ResourceTree', shop);
}
