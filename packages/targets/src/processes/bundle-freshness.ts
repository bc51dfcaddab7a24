import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Returns whether a file of a package's `bundle` folder exists and is up to date. In a clone, the file must be newer
 * than the builds of the package and of the packages next to it. An installed package has no build info, and its bundle
 * is always up to date.
 */
export function isBundleFresh(root: string, file: string): boolean {
  const bundled = modified(join(root, 'bundle', file))
  if (bundled === undefined || builtAt(root) === undefined) return bundled !== undefined
  const packages = dirname(root)
  return readdirSync(packages).every((name) => (builtAt(join(packages, name)) ?? 0) <= bundled)
}

const builtAt = (root: string): number | undefined => modified(join(root, 'dist', '.tsbuildinfo'))

/** Returns when a file was last changed, in milliseconds since 1970; undefined if it does not exist. */
export const modified = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs
