import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/console/package.json'))

export const bundled = (name: string): string => join(PACKAGE, 'bundle', name)

/** Returns the judging thread's script: the bundle, unless the output of tsc is newer. */
export const judgeScript = (): string =>
  isBundleFresh(PACKAGE, 'judge.js') ? bundled('judge.js') : join(PACKAGE, 'dist/judge/worker.js')
