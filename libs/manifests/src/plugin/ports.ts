/** Config management plugins (B29-B34) as the renderer sees them: sidecars that turn a part of a repository into manifests. */
import type { SourceTree } from '../ports.js';
import type { PathRule } from './match-path.js';

/** What a plugin is given: files of a repository, the folder of the source in them, and variables. */
export interface PluginTask {
  /** Instance name of the application, for the plugin's messages. */
  readonly application: string;
  readonly tree: SourceTree;
  readonly files: PluginFiles;
  /** Of the source, from the root of the repository; empty for the root. */
  readonly folder: string;
  readonly environment: PluginEnvironment;
  /** Hash of everything that an answer may depend on: equal key, equal answer. */
  readonly key: string;
}

/** Which files of a repository are sent (B34). */
export interface PluginFiles {
  /** Paths from the root, with all that they hold; `['']`: the whole repository. */
  readonly include: readonly PluginPath[];
  /** `*` does not pass a `/`. */
  readonly exclude: readonly string[];
}

export interface PluginPath {
  /** Folder or file that is walked. */
  readonly path: string;
  /** Below it, what matches this pattern, from the root of the repository; absent: everything. */
  readonly pattern?: string;
}

/** Name to value, in the order in which a plugin gets them. */
export type PluginEnvironment = Readonly<Record<string, string>>;

export interface PluginConfiguration {
  /** Has rules that tell whether an application is one for it. */
  readonly discovers: boolean;
  readonly wantsGitCredentials: boolean;
  /** Equal identity, equal configuration: a digest of plugin.yaml where the sidecar tells one, else its socket. */
  readonly identity: string;
  /** It reads no variables about the commit, so none are sent, and equal files give equal manifests whatever the commit. */
  readonly ignoresRevision: boolean;
  /** Its rule of discovery, where the sidecar tells it and it looks at names only: no file need be sent to match. */
  readonly rule?: PathRule;
}

export interface ParameterDefault {
  readonly name: string;
  readonly title?: string;
  readonly tooltip?: string;
  readonly required?: boolean;
  readonly itemType?: string;
  readonly collectionType?: string;
  readonly string?: string;
  readonly array?: readonly string[];
  readonly map?: Readonly<Record<string, string>>;
}

/**
 * One running plugin. Every method rejects with a GitOpsError: Upstream when its sidecar does not answer,
 * ManifestGeneration with what it said.
 */
export interface Plugin {
  /** As in `spec.source.plugin.name`: with the version, if it has one. */
  readonly name: string;
  configuration(): Promise<PluginConfiguration>;
  /** Does it accept the application? False without rules. */
  match(task: PluginTask, signal: AbortSignal): Promise<boolean>;
  /** Texts of YAML or JSON. */
  generate(task: PluginTask, signal: AbortSignal): Promise<readonly string[]>;
  announce(task: PluginTask, signal: AbortSignal): Promise<readonly ParameterDefault[]>;
}

export interface Plugins {
  /** The sidecars whose sockets are there, sorted. */
  names(): Promise<readonly string[]>;
  /** @throws GitOpsError ManifestGeneration naming the known ones. */
  named(name: string): Promise<Plugin>;
  /** Those that look at applications which name no plugin, sorted by name. @throws GitOpsError Upstream when one does not answer. */
  discovering(): Promise<readonly Plugin[]>;
  readonly settings: PluginSettings;
}

export interface PluginSettings {
  /** `reposerver.plugin.tar.exclusions`. */
  readonly exclude: readonly string[];
  /** `reposerver.plugin.use.manifest.generate.paths`: the annotation of the application says what is sent. */
  readonly useManifestGeneratePaths: boolean;
}
