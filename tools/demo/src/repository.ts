/** The demo's repository: `examples/guestbook`, and the commits of the story. */

import { fileURLToPath } from 'node:url';
import { type Files, filesOf, type GitRepository, type GitServer } from '@tiphys/testing';

export const FOLDER = 'guestbook';
const SOURCE = fileURLToPath(new URL('../../../examples/guestbook', import.meta.url));

export interface Release {
  readonly image: string;
  readonly replicas: number;
}

export interface DemoRepository {
  readonly repository: GitRepository;
  /** What the first commit deploys. */
  readonly initial: Release;
  /** Commits another image and number of replicas of the Deployment. */
  release(release: Release, message: string): Promise<Commit>;
  remove(kind: string, message: string): Promise<Commit & { readonly name: string }>;
}

export interface Commit {
  readonly sha: string;
  readonly files: readonly string[];
}

export async function createDemoRepository(server: GitServer): Promise<DemoRepository> {
  const files = filesOf(SOURCE, FOLDER);
  const repository = await server.createRepository('guestbook', files);
  const [path, text] = fileOf(files, 'Deployment');
  const initial = {
    image: /image: *(\S+)/.exec(text)?.[1] ?? '',
    replicas: Number(/replicas: *(\d+)/.exec(text)?.[1]),
  };
  return {
    repository,
    initial,
    async release({ image, replicas }, message) {
      const changed = text.replace(/image: *\S+/, `image: ${image}`).replace(/replicas: *\d+/, `replicas: ${replicas}`);
      return { sha: await repository.commit({ [path]: changed }, { message }), files: [path] };
    },
    async remove(kind, message) {
      const [removed, content] = fileOf(files, kind);
      const name = /^ {2}name: *(\S+)/m.exec(content)?.[1] ?? '';
      return { sha: await repository.commit({ [removed]: null }, { message }), files: [removed], name };
    },
  };
}

function fileOf(files: Files, kind: string): readonly [string, string] {
  for (const [path, content] of Object.entries(files)) {
    const text = content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : '';
    if (new RegExp(`^kind: *${kind}$`, 'm').test(text)) return [path, text];
  }
  throw new Error(`examples/guestbook has no file with a ${kind}`);
}
