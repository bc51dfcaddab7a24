import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { builtEntry } from '../../targets/src/processes/entry.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Builds `targets` unless its build is current: child processes of tests run the built files. */
export function ensureBuilt(): void {
  try {
    builtEntry('node')
  } catch {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    spawnSync(process.execPath, [tsc, '-b', 'packages/targets'], { cwd: root, stdio: 'inherit' })
    builtEntry('node')
  }
}
