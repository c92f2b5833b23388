/** Bodies of one JSON object a line, as grpc-gateway takes a stream of messages. */
import { ApiError } from '../errors.js';

const MAX_LINES = 100_000;

/** Empty lines are skipped. @throws ApiError invalidArgument naming the line that is not JSON. */
export function parseJsonLines(text: string): readonly unknown[] {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw new ApiError('invalidArgument', `the body has more than ${MAX_LINES} lines`);
  return lines.flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, index + 1)]));
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ApiError('invalidArgument', `line ${number} of the body is not JSON: send one JSON object a line`);
  }
}
