/** Times as Kubernetes writes them. */

/** RFC 3339 with second precision (metav1.Time). */
export function kubernetesTime(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
