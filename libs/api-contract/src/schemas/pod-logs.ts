/** Logs of the pods of an application (N04). */
import { type Static, Type } from 'typebox';
import { ApplicationScopeSchema, flag, int64, text } from './common.js';

/** Query parameters of pod logs as grpc-gateway names them; `sinceTime` may also be one RFC 3339 text. */
export const PodLogsQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  namespace: text(),
  podName: text(),
  container: text(),
  group: text(),
  kind: text(),
  resourceName: text(),
  sinceSeconds: Type.Optional(int64()),
  sinceTime: text(),
  'sinceTime.seconds': Type.Optional(int64()),
  'sinceTime.nanos': Type.Optional(int64()),
  tailLines: Type.Optional(int64()),
  follow: flag(),
  untilTime: text(),
  filter: Type.Optional(Type.String({ description: 'Lines that hold this text; `!text`: lines that do not.' })),
  matchCase: flag(),
  previous: flag(),
});

export const LogEntrySchema = Type.Object({
  content: Type.String(),
  timeStamp: Type.String({ description: 'RFC 3339, whole seconds.' }),
  timeStampStr: Type.String({ description: 'RFC 3339 with the fraction that the kubelet gave.' }),
  last: Type.Boolean({ description: 'True for the entry that ends the stream.' }),
  podName: Type.String(),
});

export type PodLogsQuery = Static<typeof PodLogsQuerySchema>;
export type LogEntry = Static<typeof LogEntrySchema>;
