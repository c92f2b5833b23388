/** Cutting a large YAML text between its documents, so that parsing it can be done in turns. */

/** Texts in order; each begins with as many empty lines as lie before it, so that line numbers in messages stay right. */
export function splitDocuments(text: string, maxCharacters: number): readonly string[] {
  // Directives belong to the document after them: such texts are rare, and stay whole.
  if (text.length <= maxCharacters || /^%/m.test(text)) return [text];
  const pieces: string[] = [];
  let start = 0;
  let linesBefore = 0;
  while (start < text.length) {
    const end = cutAfter(text, start + maxCharacters);
    const piece = text.slice(start, end);
    pieces.push('\n'.repeat(linesBefore) + piece);
    linesBefore += countLines(piece);
    start = end;
  }
  return pieces;
}

/** The first document marker behind the position. `---` in the first column is a marker everywhere in YAML, also in scalars. */
function cutAfter(text: string, position: number): number {
  const marker = /\n---(?=[\s]|$)/g;
  marker.lastIndex = position;
  const match = marker.exec(text);
  return match === null ? text.length : match.index + 1;
}

function countLines(text: string): number {
  let lines = 0;
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) lines += 1;
  return lines;
}
