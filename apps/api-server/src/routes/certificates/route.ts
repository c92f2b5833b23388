/** Binds the certificate routes. */
import { certificateRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import {
  type CertificateDeps,
  createCreateCertificates,
  createDeleteCertificates,
  createListCertificates,
} from './handlers.js';

export function registerCertificateRoutes(app: FastifyInstance, deps: CertificateDeps): void {
  bindRoute(app, routes.list, createListCertificates(deps));
  bindRoute(app, routes.create, createCreateCertificates(deps));
  bindRoute(app, routes.delete, createDeleteCertificates(deps));
}
