/** Real control plane, Redis, git servers and kubelet stand-in for tests; object builders. */
export {};
