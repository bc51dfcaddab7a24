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

/** Returns a thread's built script. Prefers a fresh bundle, which loads a few files instead of hundreds. */
export const builtFile = (name: ThreadScript): string =>
  isBundleFresh(PACKAGE, `${name}.js`) ? join(PACKAGE, 'bundle', `${name}.js`) : join(PACKAGE, 'dist', built[name])

/** This script is for browsers. Only the bundle contains it. */
export const verifierScript = (): string => join(PACKAGE, 'bundle', 'verifier.js')

/**
 * Names the configuration whose extensions this process has loaded. Its threads load the same extensions
 * (`extend/worker.ts`); child processes do not.
 */
export const EXTENDED_BY = 'chaos: extended by'
