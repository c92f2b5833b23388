/** Certificates and host keys of repository hosts: list, add, remove (N07). */
import type { CertificateBody, certificateRoutes } from '@tiphys/api-contract';
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { DataChanges, DataWriter } from '../../kube/data-writer.js';
import { addHostKey, KNOWN_HOSTS_KEY, listHostKeys, removeHostKeys } from './known-hosts.js';
import { selectorOf } from './selection.js';
import { addTlsCertificate, listTlsCertificates, removeTlsCertificates } from './tls-certificates.js';

type Routes = typeof certificateRoutes;

export interface CertificateDeps {
  readonly settings: Pick<LiveSettings, 'configMap'>;
  readonly writer: DataWriter;
  readonly authorizer: Authorizer;
  readonly log: Logger;
}

const SSH = { kind: 'configMaps', name: CONFIG_OBJECTS.sshKnownHosts } as const;
const TLS = { kind: 'configMaps', name: CONFIG_OBJECTS.tlsCerts } as const;

export function createListCertificates(deps: CertificateDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    authorize(deps.authorizer, user, { resource: 'certificates', action: 'get', object: '' });
    const selector = selectorOf(query);
    const { configMap } = deps.settings;
    return {
      metadata: {},
      items: [
        ...(selector.ssh ? listHostKeys(configMap(SSH.name)[KNOWN_HOSTS_KEY] ?? '', selector) : []),
        ...(selector.https ? listTlsCertificates(configMap(TLS.name), selector) : []),
      ],
    };
  };
}

/** Answers what was added or changed. */
export function createCreateCertificates(deps: CertificateDeps): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, context) => {
    const { user } = context;
    const upsert = query.upsert === true;
    for (const { serverName = '', certType = '' } of body.items) {
      authorize(deps.authorizer, user, { resource: 'certificates', action: 'create', object: serverName });
      if (upsert) authorize(deps.authorizer, user, { resource: 'certificates', action: 'update', object: serverName });
      if (certType === 'ssh' || certType === 'https') continue;
      throw new ApiError('invalidArgument', `Unknown certificate type: ${certType}; it is ssh or https`);
    }
    const ofType = (type: string) => body.items.filter(({ certType }) => certType === type);
    const [hostKeys, tls] = [ofType('ssh'), ofType('https')];
    const added = [
      ...(await addHostKeys(deps, context, { certificates: hostKeys, upsert })),
      ...(await addCertificates(deps, context, { certificates: tls, upsert })),
    ];
    deps.log.info('certificates added', { user: user.username, hosts: added.map(({ serverName }) => serverName) });
    return { metadata: {}, items: added };
  };
}

interface Addition {
  readonly certificates: readonly CertificateBody[];
  readonly upsert: boolean;
}

async function addHostKeys(
  { writer }: CertificateDeps,
  { signal }: RequestContext,
  { certificates, upsert }: Addition,
): Promise<readonly CertificateBody[]> {
  if (certificates.length === 0) return [];
  let added: readonly CertificateBody[] = [];
  const decide = (data: Readonly<Record<string, string>>): DataChanges => {
    const before = data[KNOWN_HOSTS_KEY] ?? '';
    let text = before;
    added = certificates.flatMap((certificate) => {
      const change = addHostKey(text, certificate, upsert);
      text = change.text;
      return change.certificates;
    });
    return text === before ? {} : { [KNOWN_HOSTS_KEY]: text };
  };
  await writer.change(SSH, decide, signal);
  return added;
}

async function addCertificates(
  { writer }: CertificateDeps,
  { signal }: RequestContext,
  { certificates, upsert }: Addition,
): Promise<readonly CertificateBody[]> {
  if (certificates.length === 0) return [];
  let added: readonly CertificateBody[] = [];
  const decide = (data: Readonly<Record<string, string>>): DataChanges => {
    const changes = certificates.map((certificate) => addTlsCertificate(data, certificate, upsert));
    added = changes.flatMap((change) => change.certificates);
    return Object.assign({}, ...changes.map((change) => change.changes));
  };
  await writer.change(TLS, decide, signal);
  return added;
}

/** The host must be named (a glob will do): a request without a query must not remove everything. */
export function createDeleteCertificates(deps: CertificateDeps): Handler<Routes['delete']['schemas']> {
  return async ({ query }, { user, signal }) => {
    authorize(deps.authorizer, user, { resource: 'certificates', action: 'delete', object: '' });
    if (!query.hostNamePattern) {
      throw new ApiError(
        'invalidArgument',
        'name the host with hostNamePattern; * removes the certificates of all hosts',
      );
    }
    const selector = selectorOf(query);
    const removed: CertificateBody[] = [];
    const remember = (certificates: readonly CertificateBody[]) => void removed.push(...certificates);
    if (selector.ssh)
      await deps.writer.change(
        SSH,
        (data) => {
          const { text, certificates } = removeHostKeys(data[KNOWN_HOSTS_KEY] ?? '', selector);
          remember(certificates);
          return certificates.length === 0 ? {} : { [KNOWN_HOSTS_KEY]: text };
        },
        signal,
      );
    if (selector.https)
      await deps.writer.change(
        TLS,
        (data) => {
          const { changes, certificates } = removeTlsCertificates(data, selector);
          remember(certificates);
          return changes;
        },
        signal,
      );
    deps.log.info('certificates removed', { user: user.username, hosts: removed.map(({ serverName }) => serverName) });
    return { metadata: {}, items: removed };
  };
}
