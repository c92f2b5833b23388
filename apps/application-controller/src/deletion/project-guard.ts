/** A project with the resources finalizer stays until no application names it (F09): without it none could be deleted. */
import { type Application, type AppProject, DEFAULT_PROJECT, FINALIZERS, isGitOpsError } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';

export interface ProjectGuardDeps {
  /** Undefined until all of them were listed: nothing is released before. */
  readonly applications: () => readonly Application[] | undefined;
  readonly project: (name: string) => AppProject | undefined;
  /** Sets the finalizers, with the resourceVersion of the project as precondition. */
  readonly setFinalizers: (project: AppProject, finalizers: readonly string[]) => Promise<void>;
  readonly log: Logger;
}

export interface ProjectGuard {
  /** After every change of the project, and when an application that named it has changed or gone. Never throws. */
  look(name: string): Promise<void>;
}

export function createProjectGuard({ applications, project, setFinalizers, log }: ProjectGuardDeps): ProjectGuard {
  return {
    async look(name) {
      const found = project(name);
      const finalizers = found?.metadata.finalizers ?? [];
      if (found?.metadata.deletionTimestamp === undefined || !finalizers.includes(FINALIZERS.resources)) return;
      const known = applications();
      if (known === undefined || known.some((app) => projectOf(app) === name)) return;
      try {
        await setFinalizers(
          found,
          finalizers.filter((finalizer) => finalizer !== FINALIZERS.resources),
        );
      } catch (error) {
        // After a conflict the watch shows the newer project, and it is looked at again.
        if (isGitOpsError(error) && (error.code === 'Conflict' || error.code === 'NotFound')) return;
        log.warn('a project that nobody uses could not be released; its next change is another try', { name, error });
      }
    },
  };
}

/** The empty name is the default project. */
export function projectOf({ spec }: Application): string {
  return spec.project === '' ? DEFAULT_PROJECT : spec.project;
}
