/** The query of a request for logs: which pods, what the kubelet is asked, which lines are shown. */

import type { PodLogsQuery } from '@tiphys/api-contract';
import { kubernetesTime } from '@tiphys/model';
import { ApiError } from '../../errors.js';
import { isBefore, type LogLine, momentOf } from './lines.js';
import type { PodSelection } from './pods.js';

export interface LogsRequest {
  readonly selection: PodSelection;
  readonly follow: boolean;
  /** For the `log` subresource of a pod. */
  readonly parameters: string;
  /** Whether the line has what the filter asks for. */
  readonly shows: (line: LogLine) => boolean;
  /** Whether the line is later than the end of the asked time. */
  readonly isLate: (line: LogLine) => boolean;
}

/** `podName` wins over kind and resource name. @throws ApiError invalidArgument */
export function parseLogsQuery(query: PodLogsQuery, podName = query.podName): LogsRequest {
  const { group = '', kind = '', namespace = '', resourceName = '', follow = false } = query;
  const named = podName ? { group: '', kind: 'Pod', name: podName } : { group, kind, name: resourceName };
  return {
    selection: { ...named, namespace },
    follow,
    parameters: parametersOf(query),
    shows: filterOf(query),
    isLate: endOf(query.untilTime),
  };
}

function parametersOf(query: PodLogsQuery): string {
  const sinceSeconds = positive(query.sinceSeconds);
  const sinceTime = sinceTimeOf(query);
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    throw new ApiError('invalidArgument', 'give sinceSeconds or sinceTime, not both');
  }
  const { container, follow, previous } = query;
  const entries = Object.entries({
    ...{ container, follow: follow || undefined, previous: previous || undefined, timestamps: true },
    ...{ sinceSeconds, sinceTime, tailLines: positive(query.tailLines) },
  }).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))).toString();
}

/** Zero and less mean: not given, as in Argo CD. */
function positive(value: number | string | undefined): number | undefined {
  const number = Number(value ?? 0);
  if (number <= 0) return undefined;
  if (Number.isSafeInteger(number)) return number;
  throw new ApiError('invalidArgument', `${value} is not a whole number that can be used here`);
}

function sinceTimeOf(query: PodLogsQuery): string | undefined {
  const seconds = positive(query['sinceTime.seconds']);
  const text = seconds === undefined ? query.sinceTime || undefined : undefined;
  if (text !== undefined && momentOf(text) === undefined) throw notATime('sinceTime', text);
  if (seconds === undefined) return text;
  const ms = seconds * 1000;
  if (ms > 8.64e15) throw notATime('sinceTime.seconds', String(seconds));
  return kubernetesTime(new Date(ms));
}

function endOf(untilTime: string | undefined): (line: LogLine) => boolean {
  if (!untilTime) return () => false;
  const moment = momentOf(untilTime);
  if (moment === undefined) throw notATime('untilTime', untilTime);
  const end: LogLine = { podName: '', content: '', ...moment };
  return (line) => isBefore(end, line);
}

function notATime(parameter: string, value: string): ApiError {
  return new ApiError(
    'invalidArgument',
    `invalid ${parameter} "${value}": give a time of RFC 3339, such as 2026-01-31T12:00:00Z`,
  );
}

function filterOf({ filter = '', matchCase = false }: PodLogsQuery): (line: LogLine) => boolean {
  if (filter === '') return () => true;
  const isInverse = filter.startsWith('!');
  const fold = (text: string) => (matchCase ? text : text.toLowerCase());
  const wanted = fold(isInverse ? filter.slice(1) : filter);
  return ({ content }) => fold(content).includes(wanted) !== isInverse;
}
