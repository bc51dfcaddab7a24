import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Returns whether a file of a package's `bundle` folder is up to date. In a clone, it must be newer than the builds of
 * the package and its neighbours. An installed package has no build info, and is always up to date.
 */
export function isBundleFresh(root: string, file: string): boolean {
  const bundled = modified(join(root, 'bundle', file))
  if (bundled === undefined || builtAt(root) === undefined) return bundled !== undefined
  const packages = dirname(root)
  return readdirSync(packages).every((name) => (builtAt(join(packages, name)) ?? 0) <= bundled)
}

const builtAt = (root: string): number | undefined => modified(join(root, 'dist', '.tsbuildinfo'))

export const modified = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs
