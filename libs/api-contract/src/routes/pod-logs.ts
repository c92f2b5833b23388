/** Routes of the logs of an application's pods (N04). */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { ApplicationParamsSchema } from '../schemas/common.js';
import { LogEntrySchema, PodLogsQuerySchema } from '../schemas/pod-logs.js';

const tag = 'ApplicationService';
const one = '/api/v1/applications/{name}';
const params = ApplicationParamsSchema;
const podParams = Type.Object({ ...params.properties, podName: Type.String({ minLength: 1 }) });
const { podName: _inPath, ...podLogsQuery } = PodLogsQuerySchema.properties;

export const podLogsRoutes = {
  podLogs: defineRoute({
    access: { resource: 'logs', action: 'get' },
    ...{ method: 'GET', path: `${one}/pods/{podName}/logs`, operationId: 'ApplicationService_PodLogs', tag },
    summary: 'PodLogs returns stream of log entries for the specified pod. Pod',
    stream: true,
    schemas: { params: podParams, query: Type.Object(podLogsQuery), response: LogEntrySchema },
  }),
  resourceLogs: defineRoute({
    access: { resource: 'logs', action: 'get' },
    ...{ method: 'GET', path: `${one}/logs`, operationId: 'ApplicationService_PodLogs2', tag },
    summary: 'PodLogs returns stream of log entries for the specified pod. Pod',
    stream: true,
    schemas: { params, query: PodLogsQuerySchema, response: LogEntrySchema },
  }),
};
