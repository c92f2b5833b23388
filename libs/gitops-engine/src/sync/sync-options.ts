/** Sync options (D18-D31): `Name=value` texts of the application, overridden by the resource's annotation. */
import { ANNOTATIONS, type KubernetesObject } from '@tiphys/model';
import type { SyncOptions } from './types.js';

type Options = ReadonlyMap<string, string>;

const PROPAGATION: Readonly<Record<string, SyncOptions['prunePropagationPolicy']>> = {
  foreground: 'foreground',
  background: 'background',
  orphan: 'orphan',
};

/**
 * Options of one resource. The resource's annotation wins over the application, option by option (D31). Unknown names
 * and values that make no sense are ignored. `object`: the target; for a prune or a deletion the live object.
 */
export function parseSyncOptions(
  appOptions: readonly string[] | undefined,
  object: Pick<KubernetesObject, 'metadata'> | undefined,
): SyncOptions {
  const options: Options = new Map([...entriesOf(appOptions ?? []), ...annotationOptions(object)]);
  const isTrue = (name: string) => options.get(name) === 'true';
  const isFalse = (name: string) => options.get(name) === 'false';
  const serverSideApply = options.get('ServerSideApply');
  return {
    validate: !isFalse('Validate'),
    prune: guard(options.get('Prune')),
    delete: guard(options.get('Delete')),
    pruneLast: isTrue('PruneLast'),
    prunePropagationPolicy: PROPAGATION[options.get('PrunePropagationPolicy') ?? ''] ?? 'foreground',
    replace: isTrue('Replace'),
    force: isTrue('Force'),
    serverSideApply: serverSideApply === 'true' || serverSideApply === 'false' ? serverSideApply === 'true' : undefined,
    clientSideApplyMigration: !isFalse('ClientSideApplyMigration'),
    applyOutOfSyncOnly: isTrue('ApplyOutOfSyncOnly'),
    skipDryRunOnMissingResource: isTrue('SkipDryRunOnMissingResource'),
    failOnSharedResource: isTrue('FailOnSharedResource'),
    respectIgnoreDifferences: isTrue('RespectIgnoreDifferences'),
    createNamespace: isTrue('CreateNamespace'),
  };
}

/** The options of the resource's own annotation, a comma list. Helm's `resource-policy: keep` is `Delete=false` (B13). */
function annotationOptions(object: Pick<KubernetesObject, 'metadata'> | undefined): Options {
  const annotations = object?.metadata.annotations ?? {};
  const keep = annotations[ANNOTATIONS.helmResourcePolicy]?.trim() === 'keep' ? ['Delete=false'] : [];
  return entriesOf([...keep, ...(annotations[ANNOTATIONS.syncOptions] ?? '').split(',')]);
}

function entriesOf(options: readonly string[]): ReadonlyMap<string, string> {
  const pairs = options.flatMap((option): readonly (readonly [string, string])[] => {
    const [name = '', value = ''] = option.split('=', 2).map((part) => part.trim());
    return name === '' ? [] : [[name, value]];
  });
  return new Map(pairs);
}

function guard(value: string | undefined): boolean | 'confirm' {
  if (value === 'confirm') return 'confirm';
  return value !== 'false';
}
