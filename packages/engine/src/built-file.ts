import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/engine/package.json'))

/** The scripts of our threads, by their names in the bundle. */
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
 * The built script of a thread, wherever this runs: from sources, as tests do, built, or in a bundle. Prefers the bundle,
 * which loads a few files instead of hundreds.
 */
export const builtFile = (name: ThreadScript): string =>
  isBundleFresh(PACKAGE, `${name}.js`) ? join(PACKAGE, 'bundle', `${name}.js`) : join(PACKAGE, 'dist', built[name])

/** The verifier as one script for a browser, which only the bundle has. */
export const verifierScript = (): string => join(PACKAGE, 'bundle', 'verifier.js')

/**
 * The environment data with the configuration that has extended this process. Its threads do the same
 * (`extend/worker.ts`), and the processes that it starts do not.
 */
export const EXTENDED_BY = 'chaos: extended by'
