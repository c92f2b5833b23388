/** Counters of a gRPC server under the names and labels of go-grpc-prometheus, as Argo CD's servers have them (M03). */
import type { Metrics } from './metrics.js';

export const GRPC_CODES = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
] as const;

/** Which method is called; all three are of the program, never of a request. */
export interface GrpcCall {
  readonly type: 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';
  /** With its package: `application.ApplicationService`. */
  readonly service: string;
  readonly method: string;
}

export interface GrpcServerMetrics {
  /** Call the result once when the call has ended, with its status code (0 to 16). */
  started(call: GrpcCall): (code: number) => void;
  received(call: GrpcCall): void;
  sent(call: GrpcCall): void;
}

export interface GrpcMetricsOptions {
  /** `ARGOCD_ENABLE_GRPC_TIME_HISTOGRAM`: `grpc_server_handling_seconds`, too. */
  readonly timeHistogram?: boolean | undefined;
}

const LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
/** The defaults of Prometheus' Go client. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createGrpcServerMetrics(metrics: Metrics, options: GrpcMetricsOptions = {}): GrpcServerMetrics {
  const counter = (name: string, help: string) => metrics.counter({ name, help, labels: LABELS });
  const started = counter('grpc_server_started_total', 'Total number of RPCs started on the server.');
  const received = counter(
    'grpc_server_msg_received_total',
    'Total number of RPC stream messages received on the server.',
  );
  const sent = counter('grpc_server_msg_sent_total', 'Total number of gRPC stream messages sent by the server.');
  const handled = metrics.counter({
    name: 'grpc_server_handled_total',
    help: 'Total number of RPCs completed on the server, regardless of success or failure.',
    labels: [...LABELS, 'grpc_code'],
  });
  const seconds = options.timeHistogram
    ? metrics.histogram({
        name: 'grpc_server_handling_seconds',
        help: 'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.',
        labels: LABELS,
        buckets: SECONDS,
      })
    : undefined;
  return {
    started: (call) => {
      const labels = labelsOf(call);
      const begin = performance.now();
      started.inc(labels);
      return (code) => {
        handled.inc({ ...labels, grpc_code: GRPC_CODES[code] ?? 'Unknown' });
        seconds?.observe(labels, (performance.now() - begin) / 1_000);
      };
    },
    received: (call) => received.inc(labelsOf(call)),
    sent: (call) => sent.inc(labelsOf(call)),
  };
}

function labelsOf({ type, service, method }: GrpcCall): Record<(typeof LABELS)[number], string> {
  return { grpc_type: type, grpc_service: service, grpc_method: method };
}
