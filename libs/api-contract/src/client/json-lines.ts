/** Newline-delimited JSON as it arrives (N19). */

/** One value a line; empty lines are skipped. Ends with the answer, and cancels it when the reader stops first. */
export async function* jsonLines(body: ReadableStream<Uint8Array> | null): AsyncGenerator<unknown, void> {
  if (body === null) return;
  let pieces: string[] = [];
  for await (const text of texts(body)) {
    const [first = '', ...rest] = text.split('\n');
    pieces.push(first);
    for (const next of rest) {
      yield* valueOf(pieces.join(''));
      pieces = [next];
    }
  }
  yield* valueOf(pieces.join(''));
}

function* valueOf(line: string): Generator<unknown, void> {
  if (line.trim() !== '') yield JSON.parse(line);
}

/** Not by `for await` over the body, which not every browser can. */
async function* texts(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let finished = false;
  try {
    while (!finished) {
      const { done, value } = await reader.read();
      finished = done;
      if (!done) yield decoder.decode(value, { stream: true });
    }
  } finally {
    if (!finished) await reader.cancel();
  }
}
