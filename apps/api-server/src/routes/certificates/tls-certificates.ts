/** Trusted TLS certificates by host, as `argocd-tls-certs-cm` holds them (G11). Pure. */
import { X509Certificate } from 'node:crypto';
import type { CertificateBody } from '@tiphys/api-contract';
import { compileGlob } from '@tiphys/model';
import type { SettingsData } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { DataChanges } from '../../kube/data-writer.js';
import { checkHostName, type Selector, textOf } from './selection.js';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function listTlsCertificates(data: SettingsData, selector: Selector): readonly CertificateBody[] {
  return matching(data, selector).flatMap(([serverName, text]) =>
    pemsOf(text).map((pem) => ({ serverName, certType: 'https', ...factsOf(pem) })),
  );
}

export interface TlsChange {
  readonly changes: DataChanges;
  readonly certificates: readonly CertificateBody[];
}

/** All certificates of a host are one entry; an equal one is left as it is, another one needs `upsert`. */
export function addTlsCertificate(data: SettingsData, certificate: CertificateBody, upsert: boolean): TlsChange {
  const { serverName = '' } = certificate;
  checkHostName(serverName);
  const text = textOf(certificate);
  const pems = pemsOf(text);
  if (pems.length === 0) throw new ApiError('invalidArgument', `no PEM certificate in certData for '${serverName}'`);
  for (const pem of pems) parse(pem);
  const known = data[serverName];
  if (known === text) return { changes: {}, certificates: [] };
  if (known !== undefined && !upsert) {
    const reason = `TLS certificate for server '${serverName}' already exist and upsert was not specified.`;
    throw new ApiError('alreadyExists', reason);
  }
  return { changes: { [serverName]: text }, certificates: pems.map((pem) => withData(serverName, pem)) };
}

export function removeTlsCertificates(data: SettingsData, selector: Selector): TlsChange {
  const gone = matching(data, selector);
  return {
    changes: Object.fromEntries(gone.map(([serverName]) => [serverName, null])),
    certificates: gone.flatMap(([serverName, text]) => pemsOf(text).map((pem) => withData(serverName, pem))),
  };
}

function matching(data: SettingsData, { hostNamePattern }: Selector): readonly (readonly [string, string])[] {
  const matches = compileGlob(hostNamePattern);
  return Object.entries(data).filter(([serverName]) => matches(serverName));
}

function pemsOf(text: string): readonly string[] {
  return text.match(PEM) ?? [];
}

function withData(serverName: string, pem: string): CertificateBody {
  return { serverName, certType: 'https', certData: Buffer.from(pem).toString('base64') };
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ApiError('invalidArgument', 'certData holds a PEM block that is not an X.509 certificate');
  }
}

/** Go's spelling of subject and algorithm; a broken entry of the ConfigMap is shown as `invalid`. */
function factsOf(pem: string): Pick<CertificateBody, 'certSubType' | 'certInfo'> {
  try {
    const { subject, publicKey } = new X509Certificate(pem);
    const type = publicKey.asymmetricKeyType ?? 'unknown';
    return { certSubType: type === 'ec' ? 'ecdsa' : type, certInfo: subject.split('\n').reverse().join(',') };
  } catch {
    return { certSubType: 'invalid', certInfo: 'not an X.509 certificate' };
  }
}
