/** The source of an application that a request is about. */
import { type Application, type ApplicationSource, sourcesOf } from '@tiphys/model';
import { ApiError } from '../../errors.js';

/** The source now, or the one of a history entry. */
export function sourceAt(
  { spec, status }: Application,
  index: number,
  historyId: number | undefined,
): ApplicationSource {
  const entry = historyId === undefined ? undefined : status?.history?.find(({ id }) => id === historyId);
  const source = sourcesOf(entry ?? spec)[index];
  if (source === undefined) throw new ApiError('invalidArgument', `source index ${index} does not exist`);
  return source;
}
