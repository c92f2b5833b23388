/** Certificate routes (N07): trusted TLS certificates (G11) and SSH host keys (G12) of repository hosts. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { flag, ListMetaSchema, text } from '../schemas/common.js';

const tag = 'CertificateService';

export const CertificateSchema = Type.Object({
  /** A host name, for SSH also `[host]:port`. */
  serverName: text(),
  /** `https` or `ssh`. */
  certType: text(),
  /** The algorithm of the key, for example `ssh-ed25519` or `rsa`. */
  certSubType: text(),
  /** Base64: PEM certificates, or the key as in known_hosts. Never in lists. */
  certData: text(),
  /** Fingerprint of an SSH key, subject of a certificate. */
  certInfo: text(),
});
export const CertificateListSchema = Type.Object({
  metadata: Type.Optional(ListMetaSchema),
  items: Type.Array(CertificateSchema),
});
export const CertificateQuerySchema = Type.Object({
  hostNamePattern: Type.Optional(Type.String({ description: 'A glob of host names.' })),
  certType: Type.Optional(Type.String({ description: 'ssh, https or *.' })),
  certSubType: Type.Optional(Type.String({ description: 'Only SSH keys of this algorithm.' })),
});

export type CertificateBody = Static<typeof CertificateSchema>;
export type CertificateQuery = Static<typeof CertificateQuerySchema>;

const path = '/api/v1/certificates';

export const certificateRoutes = {
  list: defineRoute({
    access: { resource: 'certificates', action: 'get' },
    ...{ method: 'GET', path, operationId: 'CertificateService_ListCertificates', tag },
    summary: 'List all available repository certificates',
    schemas: { query: CertificateQuerySchema, response: CertificateListSchema },
  }),
  create: defineRoute({
    access: { resource: 'certificates', action: 'create' },
    ...{ method: 'POST', path, operationId: 'CertificateService_CreateCertificate', tag },
    summary: 'Creates repository certificates on the server',
    schemas: { query: Type.Object({ upsert: flag() }), body: CertificateListSchema, response: CertificateListSchema },
  }),
  delete: defineRoute({
    access: { resource: 'certificates', action: 'delete' },
    ...{ method: 'DELETE', path, operationId: 'CertificateService_DeleteCertificate', tag },
    summary: 'Delete the certificates that match the RepositoryCertificateQuery',
    schemas: { query: CertificateQuerySchema, response: CertificateListSchema },
  }),
};
