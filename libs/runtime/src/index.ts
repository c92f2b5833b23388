/** Configuration, logger, metrics, lifecycle, operations server, clock, back-off. */
export { type Backoff, type BackoffOptions, backoff, type RetryOptions, retry } from './backoff.js';
export { type FakeClock, fakeClock, systemClock } from './clock.js';
export { createSemaphore, type Semaphore, type SingleFlight, singleFlight } from './concurrency.js';
export { type ConfigOptions, type ConfigResult, loadConfig, parseConfig } from './config.js';
export { inheritedEnvironment, outboundPolicy } from './environment.js';
export {
  createGrpcServerMetrics,
  GRPC_CODES,
  type GrpcCall,
  type GrpcMetricsOptions,
  type GrpcServerMetrics,
} from './grpc-metrics.js';
export { createHostGate, type HostGate, type HostGateOptions } from './host-gate.js';
export { type Lifecycle, type ProcessHost, runService, type ServiceOptions } from './lifecycle.js';
export { type HostPort, parseHostPort } from './listen-address.js';
export {
  createLogger,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LoggerOptions,
  type LogLevelName,
  silentLogger,
} from './logger.js';
export {
  createMetrics,
  type GaugeOptions,
  type HistogramOptions,
  type MetricOptions,
  type Metrics,
  registerBuildInfo,
} from './metrics.js';
export { type Check, type CheckResult, type OpsServer, type OpsServerOptions, startOpsServer } from './ops-server.js';
export {
  checkOutboundHost,
  guardedLookup,
  isRefusedAddress,
  type OutboundPolicy,
  type RefusedHost,
  resolveOutboundHost,
} from './outbound.js';
export type * from './ports.js';
export {
  commonAliases,
  commonSettings,
  componentAliases,
  durationSetting,
  hostPort,
  hostPortSetting,
  type RedisConnection,
  redisConnection,
  redisSettings,
} from './settings.js';
export { loadTlsMaterial, type TlsMaterial } from './tls.js';
export { type TracingSettings, tracingSettings } from './tracing/otlp-settings.js';
export { type CallHeaders, incomingCall, outgoingCalls, type RpcMethod } from './tracing/rpc.js';
export { startTracing, type TracingOptions } from './tracing/start-tracing.js';
export {
  type EndedWork,
  noTracer,
  type Span,
  type SpanFields,
  type SpanKind,
  type SpanOptions,
  type Tracer,
} from './tracing/tracer.js';
export {
  currentScope,
  inScope,
  isRequestId,
  outOfScope,
  REQUEST_ID_HEADER,
  type ScopedApplication,
  type WorkScope,
} from './work-scope.js';
