import { pathToFileURL } from 'node:url'
import { extendThread } from './thread.ts'

/** What a thread is asked to do: a function of a script. */
interface ExtendedTask {
  readonly script: string
  readonly work: string
  readonly task: object
}

/** On a thread: the work of another script, once what the configuration adds is there. */
export async function perform({ script, work, task }: ExtendedTask): Promise<unknown> {
  await extendThread()
  const works: { readonly [work: string]: (task: object) => unknown } = await import(pathToFileURL(script).href)
  return works[work]?.(task)
}
