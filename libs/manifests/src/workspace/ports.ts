/** How a renderer runs a tool: exactly its read set in a private folder, no credentials, bounded in everything (design 5, S5). */
import type { SourceTree } from '../ports.js';

/** One thing to put into a workspace. `path` is relative, `/` separated, and inside. */
export type WorkspaceFile =
  /** A blob of a tree. */
  | { readonly path: string; readonly tree: SourceTree; readonly oid: string }
  /** Something the renderer wrote itself, or fetched. */
  | { readonly path: string; readonly bytes: Uint8Array }
  /** A symbolic link to another path of the same workspace. */
  | { readonly path: string; readonly link: string };

/** Lives as long as the callback that it was made for. */
export interface Workspace {
  /** Absolute; mode 0700. Holds the files, and nothing else: the tool's home and temporary folders lie beside it. */
  readonly root: string;
  /** Absolute path of something in it. @throws GitOpsError Internal when it is not inside. */
  path(relative: string): string;
}

/** A text from a source never is an option of the tool (S2): an `input` that begins with `-` is refused. */
export type ToolArgument =
  | string
  | { readonly input: string }
  /** The path of another tool's binary. */
  | { readonly tool: string };

export interface ToolRun {
  /** `helm`, `kustomize`, `jsonnet`, or one of them with a version: `kustomize-v4.5.7`; or the path of a Kustomize in a folder of tools. */
  readonly tool: string;
  readonly args: readonly ToolArgument[];
  readonly workspace: Workspace;
  /** Folder to start in, relative to the workspace; default its root. */
  readonly folder?: string;
  /** The tool sees these, HOME and TMPDIR of its own, and nothing of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Values that must not appear in messages. */
  readonly secrets?: readonly string[];
}

export interface ToolOutput {
  readonly stdout: string;
  /** Cleaned as messages are: without temporary paths and secrets. */
  readonly stderr: string;
}

/** The installed tools, a bounded number of them running at a time. */
export interface Toolbox {
  /** What the binary says about itself; asked once. Part of render keys. @throws GitOpsError Internal when it is not installed. */
  version(tool: string): Promise<string>;
  /** Is it installed? */
  has(tool: string): boolean;
  /** The workspace is removed when the callback ends, whatever the result. @throws GitOpsError ManifestGeneration when the files exceed the limits. */
  withWorkspace<T>(
    files: readonly WorkspaceFile[],
    work: (workspace: Workspace) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** @throws GitOpsError ManifestGeneration with the tool's message, or with the limit that it exceeded; the signal's reason. */
  run(run: ToolRun, signal: AbortSignal): Promise<ToolOutput>;
  /** Long-lived processes that are alive; they hold no state of any render. */
  renderers(): readonly RunningRenderer[];
  /** Ends the long-lived processes. What is run later is run by command lines. */
  close(): void;
}

/** What came of starting a long-lived process; without one the command line does the work for a minute. */
export type RendererStartReport =
  | { readonly tool: string; readonly outcome: 'used'; readonly sealed: RunningRenderer['sealed'] }
  /** It did not start, or is of another version than the command line. */
  | { readonly tool: string; readonly outcome: 'failed' | 'otherVersion' };

/** A process that renders many sources, one after the other. */
export interface RunningRenderer {
  readonly tool: string;
  readonly pid: number;
  readonly renders: number;
  /** What the kernel keeps from it: `files` other than the workspace, `network` and starting programs. */
  readonly sealed: readonly string[];
}
