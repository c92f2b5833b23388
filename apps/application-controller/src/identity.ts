/** The two names of an Application: the key of its jobs, and its instance name in tracking ids (A31). */
import { type AppKey, type Application, appKey, instanceNameOf } from '@tiphys/model';

type Named = Pick<Application, 'metadata'>;

export function keyOf({ metadata }: Named): AppKey {
  return appKey(metadata.namespace ?? '', metadata.name ?? '');
}

/** An application without a namespace is one of the control plane's. */
export function instanceOf({ metadata }: Named, controlPlaneNamespace: string): string {
  const { namespace = controlPlaneNamespace, name = '' } = metadata;
  return instanceNameOf({ namespace, name }, controlPlaneNamespace);
}
