/** The environment of this process, for programs that it starts for a user. */

/** Without our own settings (`TIPHYS_*`), which may name secrets. */
export function inheritedEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string>> {
  const entries = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith('TIPHYS_'));
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}
