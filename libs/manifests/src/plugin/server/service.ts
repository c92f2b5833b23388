/** The four methods of the plugin contract as plain functions (B29-B33); gRPC is bound to them in the app. */
import { GitOpsError } from '@tiphys/model';
import type { AppStreamRequest } from '@tiphys/proto';
import { createSemaphore } from '@tiphys/runtime';
import { z } from 'zod';
import { parseYamlManifests } from '../../directory/parse-file.js';
import type { ParameterDefault } from '../ports.js';
import { ParameterSchema, type PluginCommand, type PluginSpec, toParameters } from './config.js';
import { matchesSource } from './discover.js';
import { type ReceivedSource, type ReceiveLimits, withReceived } from './receive.js';
import { type CommandContext, type CommandLimits, runCommand } from './run-command.js';

export interface PluginServiceOptions {
  readonly spec: PluginSpec;
  readonly limits: ReceiveLimits & CommandLimits;
  /** Environment of the sidecar: plugins may use all of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Put before every command. */
  readonly wrapper: readonly string[];
  /** Requests that run commands at a time. */
  readonly parallelism: number;
}

/** A request's stream, and when its caller stops to wait. */
export interface PluginCall {
  readonly stream: AsyncIterable<AppStreamRequest>;
  /** Milliseconds until the caller gives up. */
  readonly leftMs: number;
}

export interface PluginService {
  /** Compact JSON, one object each. */
  generate(call: PluginCall, signal: AbortSignal): Promise<readonly string[]>;
  match(call: PluginCall, signal: AbortSignal): Promise<boolean>;
  announce(call: PluginCall, signal: AbortSignal): Promise<readonly ParameterDefault[]>;
}

/** Time to answer before the caller gives up, so that it learns why. */
const ANSWER_MS = 250;

export function createPluginService(options: PluginServiceOptions): PluginService {
  const { spec } = options;
  const places = createSemaphore(options.parallelism);
  const received = <T>(call: PluginCall, work: (working: Working) => Promise<T>, gone: AbortSignal): Promise<T> => {
    const leftMs = Math.max(call.leftMs - ANSWER_MS, 1);
    const until = performance.now() + leftMs;
    const late = AbortSignal.timeout(Math.min(leftMs, MAX_TIMER_MS));
    const signal = AbortSignal.any([gone, late]);
    const receiving = { limits: options.limits, preserveFileMode: spec.preserveFileMode, signal };
    const answer = withReceived(call.stream, receiving, (source) =>
      places.run(() => work({ options, source, until, signal: gone }), signal),
    );
    return answer.catch((error: unknown) => {
      throw late.aborted && error === late.reason ? tooLate(spec.name) : error;
    });
  };
  return {
    generate: (call, signal) => received(call, generate, signal),
    match: (call, signal) => received(call, match, signal),
    announce: (call, signal) => received(call, announce, signal),
  };
}

/** Of Node's timers. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function tooLate(plugin: string): GitOpsError {
  const next = 'Send it less (docs/plugins.md), give it more CPU, or raise the time that a render may take.';
  const message = `The plugin ${plugin} did not get to run a command in the time that its caller waits. ${next}`;
  return new GitOpsError('ManifestGeneration', message);
}

interface Working {
  readonly options: PluginServiceOptions;
  readonly source: ReceivedSource;
  /** Of performance.now(). */
  readonly until: number;
  readonly signal: AbortSignal;
}

async function generate(working: Working): Promise<readonly string[]> {
  const { spec } = working.options;
  if (spec.init !== undefined) await run(working, 'init', spec.init);
  const output = await run(working, 'generate', spec.generate);
  const manifests = await parseYamlManifests(`the output of the plugin ${spec.name}`, output);
  return manifests.map(({ json }) => json);
}

async function match(working: Working): Promise<boolean> {
  const { discover } = working.options.spec;
  if (discover === undefined) return false;
  return matchesSource(discover, working.source, (command) => run(working, 'discover', command));
}

/** Those of the command before the fixed ones, which win by being later. */
async function announce(working: Working): Promise<readonly ParameterDefault[]> {
  const { parameters, name } = working.options.spec;
  if (parameters.dynamic === undefined) return parameters.static;
  const output = await run(working, 'parameters', parameters.dynamic);
  return [...parseParameters(output, name), ...parameters.static];
}

function parseParameters(output: string, plugin: string): readonly ParameterDefault[] {
  const parsed = z.array(ParameterSchema).nullable().safeParse(parseJson(output));
  if (parsed.success) return toParameters(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` (${issue.path.join('.') || 'the output'} ${issue.message})`;
  const next = 'It must print a JSON list of parameters, each with a name.';
  const message = `The parameters command of the plugin ${plugin} printed something else${where}. ${next}`;
  throw new GitOpsError('ManifestGeneration', message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Steps of one request share the time that its caller waits. */
function run({ options, source, until, signal }: Working, step: string, command: PluginCommand): Promise<string> {
  const timeoutMs = Math.max(1, Math.min(options.limits.timeoutMs, Math.round(until - performance.now())));
  const context: CommandContext = {
    inherited: options.environment,
    wrapper: options.wrapper,
    limits: { ...options.limits, timeoutMs },
  };
  return runCommand({ step, plugin: options.spec.name, command, source }, context, signal);
}
