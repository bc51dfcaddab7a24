import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { UserError } from '@chaosproxy/history'

/** What the thread says before it ends; one that ends without a word awaited what never came. */
export type Vetted =
  | { readonly type: 'good' }
  | { readonly type: 'bad'; readonly code: UserError['code']; readonly message: string }
  | { readonly type: 'exited'; readonly exitCode: unknown }

const TURNS = 3

const tell = (vetted: Vetted): void => parentPort?.postMessage(vetted)

/** All that a thread of `vetFile` does: loads the file for the first time, and tells how that went. */
export async function vetOnThread(load: (path: string) => Promise<void>): Promise<void> {
  const exit = process.exit.bind(process)
  process.exit = (exitCode) => {
    tell({ type: 'exited', exitCode: exitCode ?? process.exitCode ?? 0 })
    return exit(exitCode)
  }
  try {
    await load(String(workerData))
    // A promise that it made and that is rejected by now would end whatever thread it is on.
    for (let turn = 0; turn < TURNS; turn++) await setImmediate()
    tell({ type: 'good' })
  } catch (error) {
    const code = error instanceof UserError ? error.code : 'input'
    tell({ type: 'bad', code, message: error instanceof Error ? error.message : String(error) })
  }
}
