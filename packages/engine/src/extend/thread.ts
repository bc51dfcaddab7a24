import { getEnvironmentData } from 'node:worker_threads'
import { EXTENDED_BY } from '../built-file.ts'
import { importConfig } from '../config/import.ts'

let extended: Promise<void> | undefined

/** Adds the process's extensions to this thread, once. */
export function extendThread(): Promise<void> {
  extended ??= merge(getEnvironmentData(EXTENDED_BY))
  return extended
}

async function merge(path: unknown): Promise<void> {
  if (typeof path !== 'string') return
  const { extendBy } = await import('./from-file.ts')
  await extendBy(await importConfig(path), path)
}
