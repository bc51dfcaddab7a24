import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/engine/package.json'))

/** The scripts of our threads, by their names in the bundle. */
const built = {
  'check-worker': 'check/worker.js',
  'model-vetting': 'check/vetting.js',
  'config-vetting': 'config/vetting.js',
  'compare-worker': 'compare/worker.js',
  'search-worker': 'search/worker.js',
} as const

export type ThreadScript = keyof typeof built

/**
 * The built script of a thread, wherever this runs: from sources, as tests do, built, or in a bundle. Prefers the bundle,
 * which loads a few files instead of hundreds.
 */
export const builtFile = (name: ThreadScript): string =>
  isBundleFresh() ? join(PACKAGE, 'bundle', `${name}.js`) : join(PACKAGE, 'dist', built[name])

/** As in `bin/chaos.js`: in a clone, something may have been built since the bundle was made. */
function isBundleFresh(): boolean {
  const bundled = modified(join(PACKAGE, 'bundle', 'check-worker.js'))
  if (bundled === undefined || modified(join(PACKAGE, 'dist', '.tsbuildinfo')) === undefined)
    return bundled !== undefined
  const packages = join(PACKAGE, '..')
  return readdirSync(packages).every((name) => (modified(join(packages, name, 'dist', '.tsbuildinfo')) ?? 0) <= bundled)
}

const modified = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs
