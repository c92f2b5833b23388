/** What the cases of an operation are: one answer of each kind, or the reason why there is none of that kind. */
import type { Input } from './operations.js';
import type { CallerName, World } from './world.js';

export type InputOf = (world: World) => Input | Promise<Input>;

/** google.rpc.Code by HTTP status, as grpc-gateway maps them. */
export const GRPC_CODES: Readonly<Record<number, readonly number[]>> = {
  400: [3, 9, 11],
  401: [16],
  403: [7],
  404: [5],
  409: [6, 10],
  413: [3],
  415: [3],
  422: [3, 9],
  429: [8],
  500: [2, 13, 15],
  501: [12],
  502: [14],
  503: [14],
  504: [4],
};

export interface Refusal {
  readonly input: InputOf;
  readonly status: number;
  readonly message: RegExp;
  readonly as?: CallerName;
}

export interface NotApplicable {
  readonly reason: string;
}

export type Case = Refusal | NotApplicable;

export interface OperationCases {
  /** A request that succeeds; called anew for every request, so that it may prepare what it deletes. */
  readonly success: InputOf | NotApplicable;
  /** Who makes it instead. */
  readonly as?: CallerName;
  /** Default: `success` is refused to somebody without rights; lists are empty. */
  readonly forbidden?: Case;
  /** An object that is not there. */
  readonly missing: Case;
  readonly invalid: Case;
  /** Writes only: the state of the object does not allow it. */
  readonly conflict?: Case;
  /** What else must hold of the answer. */
  readonly shows?: (answer: unknown, world: World) => void;
}

export type CaseTable = Readonly<Record<string, OperationCases>>;

export const none = (reason: string): NotApplicable => ({ reason });
export const NO_INPUT = none('it takes no input');
export const FILTER = none('it answers what fits the filter, perhaps nothing');

const refusal = (status: number) => (input: InputOf, message: RegExp) => ({ input, status, message });
export const invalid = refusal(400);
export const notFound = refusal(404);
export const conflict = refusal(409);
/** The sources that the request names cannot be read (design: ManifestGenerationError). */
export const unreadable = refusal(422);

/** What is not there and what may not be seen have the same answer, for admin too (N21, S18). */
export const hidden = (input: InputOf): Refusal => ({ input, status: 403, message: /^permission denied$/ });

/** Of `success`; otherwise a request that is good enough to be refused. */
export function successOf({ success, invalid: bad }: OperationCases): InputOf {
  if (typeof success === 'function') return success;
  return isRefusal(bad) ? bad.input : () => ({});
}

export function isRefusal(one: Case): one is Refusal {
  return 'input' in one;
}
