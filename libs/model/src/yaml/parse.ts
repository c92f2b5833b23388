/** YAML or JSON text to plain values, document by document, with limits and errors that name the place. */
import yaml from 'js-yaml';
import { GitOpsError, isGitOpsError } from '../errors/gitops-error.js';
import type { JsonValue } from '../kubernetes/object.js';
import { utf8Length } from '../text/encoding.js';
import { parseJson } from './json.js';
import { exceededLimit, type ValueLimits } from './limits.js';
import { KUBERNETES_SCHEMA } from './schema.js';

export interface ParseOptions {
  /** What the text is, for messages: a path in the repository, `stdout of helm`. */
  readonly origin: string;
  /** UTF-8 bytes; default 10 MiB. */
  readonly maxBytes?: number;
  /** Default 20 000. */
  readonly maxDocuments?: number;
  /** References to anchors in one document; default 1 000. */
  readonly maxAliases?: number;
  /** Nodes of one document with every alias expanded; default 1 000 000. */
  readonly maxNodes?: number;
  /** Default 100 levels. */
  readonly maxDepth?: number;
}

export interface ParsedDocument {
  readonly value: JsonValue;
  /** 1 for the first document of the text; empty documents count. */
  readonly document: number;
  /** Line of the document's first node, from 1. */
  readonly line: number;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULT_LIMITS: ValueLimits & { readonly maxBytes: number; readonly maxDocuments: number } = {
  maxBytes: 10 * MEBIBYTE,
  maxDocuments: 20_000,
  maxAliases: 1_000,
  maxNodes: 1_000_000,
  maxDepth: 100,
};

/**
 * All documents of a text; empty ones (only comments) are left out. Integers beyond 2^53 are bigint.
 * @throws GitOpsError `ManifestGeneration` with origin, line and column when the text is not YAML or breaks a limit.
 */
export function parseDocuments(text: string, options: ParseOptions): readonly ParsedDocument[] {
  const limits = { ...DEFAULT_LIMITS, ...options };
  if (exceedsBytes(text, limits.maxBytes)) {
    throw failure(`${options.origin} is larger than ${limits.maxBytes} bytes. Split the file, or raise the limit.`);
  }
  const documents = parseAsJson(text) ?? parseAsYaml(text, limits);
  if (documents.length > limits.maxDocuments) {
    throw failure(`${options.origin} holds more than ${limits.maxDocuments} YAML documents. Split the file.`);
  }
  for (const { value, line } of documents) {
    const problem = exceededLimit(value, limits);
    if (problem !== undefined) {
      throw failure(
        `${options.origin}:${line}: the YAML document ${problem}. Write it out with fewer aliases or levels.`,
      );
    }
  }
  return documents.filter(({ value }) => value !== null && value !== undefined);
}

/** One document; undefined when the text is empty. @throws GitOpsError as {@link parseDocuments}, or for several documents. */
export function parseYaml(text: string, options: ParseOptions): JsonValue | undefined {
  const documents = parseDocuments(text, options);
  if (documents.length > 1)
    throw failure(`${options.origin} holds ${documents.length} YAML documents; one was expected.`);
  return documents[0]?.value;
}

/** What is too much for a program that expands aliases without a limit; undefined for text that is no YAML: that program says so. */
export function yamlBombIn(text: string): string | undefined {
  if (!/&[^\s&]/.test(text) || !/\*[^\s*]/.test(text)) return undefined;
  const limits = { ...DEFAULT_LIMITS, origin: 'YAML', maxAliases: DEFAULT_LIMITS.maxNodes };
  try {
    return parseAsYaml(text, limits)
      .map(({ value }) => exceededLimit(value, limits))
      .find((problem) => problem !== undefined);
  } catch (error) {
    if (isGitOpsError(error)) return undefined;
    throw error;
  }
}

/** UTF-8 length without encoding when the answer is clear from the number of UTF-16 units. */
function exceedsBytes(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && utf8Length(text) > maxBytes;
}

/** The fast path: most generated manifests are not JSON, but API answers and many jsonnet outputs are. */
function parseAsJson(text: string): readonly ParsedDocument[] | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return [{ value: parseJson(text), document: 1, line: 1 }];
  } catch {
    return undefined; // flow-style YAML, several documents, or an error that the YAML parser places better
  }
}

function parseAsYaml(text: string, limits: ParseOptions & ValueLimits): readonly ParsedDocument[] {
  const lines: number[] = [];
  let depth = 0;
  try {
    const values = yaml.loadAll(text, null, {
      schema: KUBERNETES_SCHEMA,
      json: true,
      ...{ maxDepth: limits.maxDepth }, // in js-yaml since 4.3, not yet in its types
      listener(event, state) {
        if (event === 'open') {
          if (depth === 0) lines.push((state as { line: number }).line + 1);
          depth += 1;
        } else depth -= 1;
      },
    });
    return values.map((value, index) => ({
      value: value as JsonValue,
      document: index + 1,
      line: lines[index] ?? 1,
    }));
  } catch (error) {
    throw describeParseError(error, limits.origin);
  }
}

function describeParseError(error: unknown, origin: string): GitOpsError {
  if (error instanceof yaml.YAMLException) {
    const { mark, reason } = error as { mark?: { line: number; column: number }; reason?: string };
    const place = mark === undefined ? origin : `${origin}:${mark.line + 1}:${mark.column + 1}`;
    const hint = 'Correct the YAML there, or exclude the file from the source.';
    return failure(`${place}: not valid YAML: ${reason ?? error.message}. ${hint}`, error);
  }
  if (error instanceof RangeError) {
    return failure(`${origin}: the YAML is nested too deeply to be read. Flatten it.`, error);
  }
  throw error;
}

function failure(message: string, cause?: unknown): GitOpsError {
  return new GitOpsError('ManifestGeneration', message, { cause });
}
