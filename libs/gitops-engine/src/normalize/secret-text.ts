/** How the API server stores a text of `stringData`. */
import { encodeBase64Text } from '@tiphys/model';

/** Base64 of the UTF-8 bytes. Lone surrogates become U+FFFD, as in Go's JSON decoder. */
export function storedSecretText(text: string): string {
  return encodeBase64Text(text.replace(/\p{Surrogate}/gu, '\uFFFD'));
}
