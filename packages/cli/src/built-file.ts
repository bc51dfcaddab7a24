import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('chaosproxy/package.json'))

/** A built file of this package, wherever this runs: from sources, as tests do, built, or in a bundle. */
export const builtFile = (path: string): string => join(PACKAGE, 'dist', path)
