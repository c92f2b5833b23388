/** What registries send when something was pushed to them (J02). Empty: nothing that an application could follow. */
import type { RegistryPush } from './events.js';
import { listAt, malformed, optionalRecord, optionalText, type Payload, recordAt, textAt } from './payload.js';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** GitHub's `package` and `registry_package` events: a container was published, or its tag moved. */
export function gitHubPackage(payload: Payload): readonly RegistryPush[] {
  const action = textAt(payload, 'action');
  const pack = payload['package'] === undefined ? recordAt(payload, 'registry_package') : recordAt(payload, 'package');
  const type = optionalText(pack, 'package_type') ?? optionalText(pack, 'ecosystem') ?? '';
  if (!['published', 'updated'].includes(action) || type.toLowerCase() !== 'container') return [];
  const owner = optionalText(optionalRecord(pack, 'owner'), 'login') ?? optionalText(pack, 'namespace');
  if (owner === undefined) throw malformed('package.owner.login');
  const metadata = optionalRecord(optionalRecord(pack, 'package_version'), 'container_metadata');
  const { name, digest } = optionalRecord(metadata, 'tag');
  return pushOf(`ghcr.io/${owner}/${textAt(pack, 'name')}`, { tag: name, digest });
}

/** Harbor's default format, and its CloudEvents (`harbor.artifact.pushed`). */
export function harborPush(payload: Payload): readonly RegistryPush[] {
  const isCloudEvent = payload['specversion'] !== undefined;
  const type = textAt(payload, 'type');
  if (type !== (isCloudEvent ? 'harbor.artifact.pushed' : 'PUSH_ARTIFACT')) return [];
  const data = recordAt(payload, isCloudEvent ? 'data' : 'event_data');
  const repository = recordAt(data, 'repository');
  const fullName =
    optionalText(repository, 'repo_full_name') ?? `${textAt(repository, 'namespace')}/${textAt(repository, 'name')}`;
  return listAt(data, 'resources').flatMap((resource) => {
    // `host/project/name:tag` or `host/project/name@sha256:…`.
    const host = /^(?:[a-z]+:\/\/)?([^/]+)\/./.exec(textAt(resource, 'resource_url'))?.[1];
    if (host === undefined) throw malformed('resource_url');
    return pushOf(`${host}/${fullName}`, resource);
  });
}

/** Docker Hub, which signs nothing and sends no digest. */
export function dockerHubPush(payload: Payload): readonly RegistryPush[] {
  const repository = recordAt(payload, 'repository');
  const namespace = optionalText(repository, 'namespace');
  const parts = [...(namespace === undefined ? [] : [namespace]), optionalText(repository, 'name') ?? ''];
  const name = optionalText(repository, 'repo_name') ?? parts.join('/');
  if (name === '' || name.endsWith('/')) throw malformed('repo_name');
  return pushOf(`docker.io/${name}`, { tag: textAt(recordAt(payload, 'push_data'), 'tag') });
}

/** An artefact by its address without a scheme. */
export function pushOf(
  address: string,
  names: { readonly tag?: unknown; readonly digest?: unknown },
): readonly RegistryPush[] {
  const { tag, digest } = names;
  const push: RegistryPush = {
    kind: 'registry',
    repositoryUrls: [address.includes('://') ? address : `oci://${address}`],
    tag: typeof tag === 'string' && tag !== '' && !DIGEST.test(tag) ? tag : undefined,
    digest: typeof digest === 'string' && DIGEST.test(digest) ? digest : undefined,
  };
  return push.tag === undefined && push.digest === undefined ? [] : [push];
}
