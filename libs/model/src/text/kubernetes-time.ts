/** Times as Kubernetes and Argo CD write them. */

/** RFC 3339 in UTC with whole seconds (metav1.Time); fractions are cut off. */
export function kubernetesTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
