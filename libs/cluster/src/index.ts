/** Kubernetes I/O: clients, discovery, watch cache, apply, prune, events. */
export type * from './ports.js';
