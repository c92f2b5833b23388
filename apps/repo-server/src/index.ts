/** gRPC: revision to manifests, refs, app details, revision metadata. */
export {};
