/** Field manager of everything the API server writes, as Argo CD's API server. */
export const API_SERVER_MANAGER = 'argocd-server';
