/**
 * What the texts of a chart can look at: a chart that never mentions `.Files` does not depend on its other files, one that
 * never mentions `.Capabilities` does not depend on the cluster.
 */

export interface TextUse {
  /** `.Files` is mentioned, so every file of the chart may be read. */
  readonly files: boolean;
  /** `.Capabilities` is mentioned, so Kubernetes version and API list matter. */
  readonly capabilities: boolean;
  /** `tpl` makes templates of values. */
  readonly tpl: boolean;
}

export const NO_USE: TextUse = { files: false, capabilities: false, tpl: false };

/** Mentions count wherever they stand, also in texts and comments: too often is safe, too seldom is not. */
export function scanTemplate(text: string): TextUse {
  return { ...scanText(text), tpl: /\btpl\b/.test(text) };
}

/** Values, which only matter where `tpl` makes templates of them. */
export function scanText(text: string): TextUse {
  return { ...NO_USE, files: /Files/.test(text), capabilities: /Capabilities/.test(text) };
}

export function mergeUse(uses: readonly TextUse[]): TextUse {
  return {
    files: uses.some(({ files }) => files),
    capabilities: uses.some(({ capabilities }) => capabilities),
    tpl: uses.some(({ tpl }) => tpl),
  };
}
