import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '@chaosproxy/history'

/** The root of this package, seen from `src` as well as from `dist`. */
const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..')

export type EntryName = 'node' | 'keeper' | 'vetting' | 'workload-vetting' | 'client-host'

/** Entries found good; what is built does not change while a run restarts its nodes. */
const found = new Set<string>()

/**
 * The built script that a process of ours begins in. Processes run what is built, also when the one that starts them runs
 * from sources (as tests do), so a build that is missing or out of date is an environment error that says so.
 */
export function builtEntry(name: EntryName, root: string = PACKAGE): string {
  const entry = join(root, 'dist', name, 'main.js')
  if (found.has(entry)) return entry
  if (modified(entry) === undefined) throw new UserError('environment', `${entry} is not built: run npm run build`)
  for (const folder of [root, join(root, '..', 'protocols'), join(root, '..', 'workloads')]) {
    const built = modified(join(folder, 'dist', '.tsbuildinfo'))
    const source = newestSource(join(folder, 'src'))
    if (built !== undefined && source !== undefined && source.time > built)
      throw new UserError('environment', `what is built is older than ${source.path}: run npm run build`)
  }
  found.add(entry)
  return entry
}

/** Undefined where there are no sources, as in a package that was installed without them. */
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

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
