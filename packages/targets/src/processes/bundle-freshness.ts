import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Whether a file of a package's `bundle` folder exists and nothing was built after it: neither the package nor, in a
 * clone, those next to it. An installed package has no build info, and its bundle is always used.
 */
export function isBundleFresh(root: string, file: string): boolean {
  const bundled = modified(join(root, 'bundle', file))
  if (bundled === undefined || builtAt(root) === undefined) return bundled !== undefined
  const packages = dirname(root)
  return readdirSync(packages).every((name) => (builtAt(join(packages, name)) ?? 0) <= bundled)
}

const builtAt = (root: string): number | undefined => modified(join(root, 'dist', '.tsbuildinfo'))

/** When a file was last changed, in milliseconds since 1970; undefined if it does not exist. */
export const modified = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs
