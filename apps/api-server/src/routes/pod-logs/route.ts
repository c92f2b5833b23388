/** Binds the streams of logs (N04). */
import { podLogsRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindStream } from '../../http/bind.js';
import type { ApplicationResourceDeps } from '../application-resources/deps.js';
import { createPodLogs, createResourceLogs } from './handler.js';

export function registerPodLogsRoutes(app: FastifyInstance, deps: ApplicationResourceDeps): void {
  bindStream(app, routes.podLogs, createPodLogs(deps));
  bindStream(app, routes.resourceLogs, createResourceLogs(deps));
}
