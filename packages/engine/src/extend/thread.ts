import { EXTENDED_BY } from '../built-file.ts'
import { importConfig } from '../config/import.ts'

let extended: Promise<void> | undefined

/** For a thread: merges what its process has merged, once. */
export function extendThread(): Promise<void> {
  extended ??= merge(process.env[EXTENDED_BY])
  return extended
}

async function merge(path: string | undefined): Promise<void> {
  if (path === undefined) return
  const { extendBy } = await import('./from-file.ts')
  await extendBy(await importConfig(path), path)
}
