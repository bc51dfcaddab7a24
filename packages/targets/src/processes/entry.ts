import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { environmentError } from '@chaosproxy/history'
import { isBundleFresh, modified } from './bundle-freshness.ts'

/** The root of this package, the same for sources, builds and bundles. */
const PACKAGE = dirname(createRequire(import.meta.url).resolve('@chaosproxy/targets/package.json'))

type EntryName = 'node' | 'keeper' | 'user-files' | 'client-host' | 'typescript' | 'stdio/virtual-program'

/**
 * By entry: the path of its script. Scripts that were found to be up to date are not checked again, because builds do
 * not change while a run restarts its nodes.
 */
const found = new Map<string, string>()

/**
 * Returns the built script of one of this package's processes, even in tests, which run from sources. Prefers the
 * bundle, which starts in half the time. A missing or outdated build is an environment error.
 */
export function builtEntry(name: EntryName, root: string = PACKAGE): string {
  const path = join(root, 'dist', name, 'main.js')
  const good = found.get(path)
  if (good !== undefined) return good
  if (modified(path) === undefined) throw environmentError(`${path} is not built. Run npm run build`)
  for (const folder of [root, join(root, '..', 'protocols'), join(root, '..', 'workloads')]) {
    const built = modified(join(folder, 'dist', '.tsbuildinfo'))
    const source = newestSource(join(folder, 'src'))
    if (built !== undefined && source !== undefined && source.time > built)
      throw environmentError(`the build is older than ${source.path}. Run npm run build`)
  }
  // All files of a bundle are in one folder.
  const bundled = `${basename(name)}.js`
  const entry = isBundleFresh(root, bundled) ? join(root, 'bundle', bundled) : path
  found.set(path, entry)
  return entry
}

/** Returns the newest source, if the package has sources. */
function newestSource(folder: string): { path: string; time: number } | undefined {
  if (modified(folder) === undefined) return undefined
  let newest: { path: string; time: number } | undefined
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    const time = name.endsWith('.ts') ? modified(path) : undefined
    if (time !== undefined && (newest === undefined || time > newest.time)) newest = { path, time }
  }
  return newest
}
