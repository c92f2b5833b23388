/** What a tool wrote on stderr, fit to be shown: no temporary paths, no secrets, not endless (S6, S8). */
import { redact } from '@tiphys/model';

const MAX_CHARACTERS = 4_000;

export interface Cleaning {
  /** Absolute folders that mean nothing to the user. */
  readonly folders: readonly string[];
  readonly secrets: readonly string[];
}

export function cleanMessage(text: string, { folders, secrets }: Cleaning): string {
  let result = text;
  // The longest first: a folder may lie in another.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    result = result.replaceAll(`${folder}/`, '').replaceAll(folder, '.');
  }
  for (const secret of secrets) {
    if (secret.length >= 4) result = result.replaceAll(secret, '***');
  }
  const cleaned = redact(result).trim();
  if (cleaned.length <= MAX_CHARACTERS) return cleaned;
  // What went wrong is usually said last.
  const head = cleaned.slice(0, MAX_CHARACTERS / 4);
  return `${head}\n[...]\n${cleaned.slice(-(MAX_CHARACTERS * 3) / 4)}`;
}
