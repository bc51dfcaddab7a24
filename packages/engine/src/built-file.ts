import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/engine/package.json'))

/** The paths of the thread scripts, by their names in the bundle. */
const built = {
  'check-worker': 'check/worker.js',
  'model-vetting': 'check/vetting.js',
  'config-vetting': 'config/vetting.js',
  'compare-worker': 'compare/worker.js',
  'search-worker': 'search/worker.js',
  'extended-worker': 'extend/worker.js',
} as const

export type ThreadScript = keyof typeof built

/**
 * Returns the path of a thread's built script. The process itself may run from sources (in tests), from the build, or
 * from a bundle. Prefers a fresh bundle, which loads a few files instead of hundreds.
 */
export const builtFile = (name: ThreadScript): string =>
  isBundleFresh(PACKAGE, `${name}.js`) ? join(PACKAGE, 'bundle', `${name}.js`) : join(PACKAGE, 'dist', built[name])

/** The path of the verifier as a single script for browsers; only the bundle contains it. */
export const verifierScript = (): string => join(PACKAGE, 'bundle', 'verifier.js')

/**
 * The key of the environment data that names the configuration whose extensions this process has loaded. Threads of the
 * process load the same extensions (`extend/worker.ts`); child processes do not.
 */
export const EXTENDED_BY = 'chaos: extended by'
