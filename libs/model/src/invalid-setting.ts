/** A value of the installation's settings that cannot be used, as every service reports it. */

export interface InvalidSetting {
  readonly kind: 'ConfigMap' | 'Secret';
  /** Name of the ConfigMap or Secret. */
  readonly object: string;
  readonly key: string;
  /** What is wrong, and what to write. */
  readonly message: string;
  /** What holds meanwhile. `default`: this process has never seen a good value. */
  readonly uses: 'last good value' | 'default';
}
