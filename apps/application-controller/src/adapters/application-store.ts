/** Applications from one watch; writes go to the API server and are visible here before their watch event arrives. */
import { type Informer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { type Application, type KubernetesObject, parseAppKey } from '@tiphys/model';
import type { ApplicationStore } from '../ports.js';

const WRITER = 'tiphys-application-controller';

export function createApplicationStore(client: KubeClient, informer: Informer<Application>): ApplicationStore {
  return {
    get(key) {
      const { namespace, name } = parseAppKey(key);
      return informer.get(namespace, name);
    },
    list: () => informer.list(),
    async read(key, signal) {
      const object = await client.get(RESOURCES.applications, parseAppKey(key), signal);
      if (object !== undefined) informer.observe(object);
      return object as unknown as Application | undefined;
    },
    async patch(app, patch, signal) {
      const { name = '', namespace = '', resourceVersion } = app.metadata;
      const metadata = {
        ...(patch['metadata'] as object | undefined),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const target = { resource: RESOURCES.applications, namespace, name, type: 'merge' } as const;
      const updated: KubernetesObject = await client.patch(
        target,
        { ...patch, metadata },
        { fieldManager: WRITER, signal },
      );
      informer.observe(updated);
      return updated as unknown as Application;
    },
  };
}
