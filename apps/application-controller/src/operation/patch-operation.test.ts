import type { Application } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, operationState } from '../testing/builders.js';
import { memoryApplications } from '../testing/memory-applications.js';
import { patchOperation } from './patch-operation.js';

const KEY = 'argocd/guestbook';
const { signal } = new AbortController();
const app = application({ operation: { sync: { revision: 'v1' } }, status: { operationState: operationState() } });
const write = { patch: { status: { operationState: { message: 'next' } } }, signal };

describe('a write of the operation state', () => {
  it('goes through when nobody wrote meanwhile', async () => {
    const applications = memoryApplications(app);
    const updated = await patchOperation(applications, app, write);
    expect(updated.status?.operationState?.message).toBe('next');
    expect(applications.patches).toHaveLength(1);
  });

  it('is repeated on the newest version after a refresh wrote the status (R11)', async () => {
    const applications = memoryApplications(app);
    applications.changeBehindTheWatch(KEY, (now) => ({ ...now, status: { ...now.status, observedAt: 'later' } }));
    const updated = await patchOperation(applications, app, write);
    expect(updated.status).toMatchObject({ observedAt: 'later', operationState: { message: 'next' } });
  });

  it.each<{ name: string; change: (now: Application) => Application }>([
    {
      name: 'another operation took its place',
      change: (now) => ({ ...now, operation: { sync: { revision: 'v2' } } }),
    },
    { name: 'the operation was removed', change: ({ operation: _, ...now }) => now },
    {
      name: 'the application was deleted and created anew',
      change: (now) => ({ ...now, metadata: { ...now.metadata, uid: 'uid-2' } }),
    },
  ])('is a Conflict and writes nothing when $name', async ({ change }) => {
    const applications = memoryApplications(app);
    applications.changeBehindTheWatch(KEY, change);
    await expect(patchOperation(applications, app, write)).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('was replaced while it ran'),
    });
    expect(applications.patches).toEqual([]);
  });

  it('gives up after five conflicts in a row', async () => {
    const applications = memoryApplications(app);
    const touch = () => applications.changeBehindTheWatch(KEY, (now) => now);
    let reads = 0;
    touch();
    const busy = {
      ...applications,
      async read(key: string, own: AbortSignal) {
        const fresh = await applications.read(key, own);
        reads++;
        touch();
        return fresh;
      },
    };
    await expect(patchOperation(busy, app, write)).rejects.toMatchObject({ code: 'Conflict' });
    expect(reads).toBe(4);
  });
});
