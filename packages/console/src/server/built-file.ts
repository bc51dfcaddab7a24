import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/console/package.json'))

/** Returns the judging thread's script: the bundle, unless the output of tsc is newer. */
export const judgeScript = (): string =>
  isBundleFresh(PACKAGE, 'judge.js') ? join(PACKAGE, 'bundle', 'judge.js') : join(PACKAGE, 'dist/judge/worker.js')

export const pageScript = (): string => join(PACKAGE, 'bundle', 'page.js')

export const savedPageScript = (): string => join(PACKAGE, 'bundle', 'saved-page.js')
export const savedWorkerScript = (): string => join(PACKAGE, 'bundle', 'saved-worker.js')
