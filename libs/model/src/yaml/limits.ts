/** Bounds on parsed YAML (S12): a few bytes of aliases must not become millions of nodes for whoever walks the value. */

export interface ValueLimits {
  /** References to a node that appears elsewhere in the document. */
  readonly maxAliases: number;
  /** Nodes after expanding every alias. */
  readonly maxNodes: number;
  readonly maxDepth: number;
}

interface Census {
  readonly limits: ValueLimits;
  readonly expanded: Map<object, number>;
  readonly open: Set<object>;
  aliases: number;
}

/** What is wrong with the value, or undefined. Cycles (`&a [*a]`) count as unbounded. */
export function exceededLimit(value: unknown, limits: ValueLimits): string | undefined {
  const census: Census = { limits, expanded: new Map(), open: new Set(), aliases: 0 };
  try {
    const nodes = expandedNodes(value, census, 0);
    return nodes > limits.maxNodes ? `expands to more than ${limits.maxNodes} nodes` : undefined;
  } catch (error) {
    if (error instanceof LimitExceeded) return error.message;
    throw error;
  }
}

class LimitExceeded extends Error {}

function expandedNodes(value: unknown, census: Census, depth: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (census.open.has(value)) throw new LimitExceeded('has an alias that contains itself');
  const known = census.expanded.get(value);
  if (known !== undefined) {
    census.aliases += 1;
    if (census.aliases > census.limits.maxAliases) {
      throw new LimitExceeded(`uses more than ${census.limits.maxAliases} aliases`);
    }
    return known;
  }
  if (depth >= census.limits.maxDepth)
    throw new LimitExceeded(`is nested deeper than ${census.limits.maxDepth} levels`);
  census.open.add(value);
  let nodes = 1;
  for (const child of Object.values(value)) {
    nodes += expandedNodes(child, census, depth + 1);
    if (nodes > census.limits.maxNodes) throw new LimitExceeded(`expands to more than ${census.limits.maxNodes} nodes`);
  }
  census.open.delete(value);
  census.expanded.set(value, nodes);
  return nodes;
}
