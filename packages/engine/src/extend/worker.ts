import { pathToFileURL } from 'node:url'
import { extendThread } from './thread.ts'

interface ExtendedTask {
  readonly script: string
  readonly work: string
  readonly task: object
}

/** Merges the extensions, then calls the function of the script. */
export async function perform({ script, work, task }: ExtendedTask): Promise<unknown> {
  await extendThread()
  const works: { readonly [work: string]: (task: object) => unknown } = await import(pathToFileURL(script).href)
  return works[work]?.(task)
}
