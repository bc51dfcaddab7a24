import { resolve } from 'node:path'

/** Names the configuration whose extensions a thread merges before it works. Threads inherit the environment. */
const VARIABLE = 'CHAOS_EXTEND'

/** Threads that start from now on merge the extensions of this configuration. */
export function extendThreads(path: string): void {
  process.env[VARIABLE] = resolve(path)
}

/** Whether threads have extensions to merge. */
export const areThreadsExtended = (): boolean => process.env[VARIABLE] !== undefined

/** For a thread: merges what its process has merged, once. */
export function extendThread(): Promise<void> {
  extended ??= merge()
  return extended
}

let extended: Promise<void> | undefined

async function merge(): Promise<void> {
  const path = process.env[VARIABLE]
  if (path === undefined) return
  const [{ importConfig }, { extendBy }] = await Promise.all([import('../config/import.ts'), import('./from-file.ts')])
  await extendBy(await importConfig(path), path)
}
