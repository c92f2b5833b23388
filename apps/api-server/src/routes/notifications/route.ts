/** Binds the notification routes. */
import { notificationRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import { createListServices, createListTemplates, createListTriggers, type NotificationDeps } from './handlers.js';

export function registerNotificationRoutes(app: FastifyInstance, deps: NotificationDeps): void {
  bindRoute(app, routes.services, createListServices(deps));
  bindRoute(app, routes.templates, createListTemplates(deps));
  bindRoute(app, routes.triggers, createListTriggers(deps));
}
