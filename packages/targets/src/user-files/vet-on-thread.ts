import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { UserError } from '@chaosproxy/history'

/** The thread's last message. If a thread ends without such a message, it awaited a promise that never settled. */
export type Vetted = { readonly type: 'good' } | Bad | Exited

/** A problem of the user's file. */
export interface Bad {
  readonly type: 'bad'
  readonly code: UserError['code']
  readonly message: string
}

export interface Exited {
  readonly type: 'exited'
  readonly exitCode: unknown
}

const TURNS = 3

const post = (vetted: Vetted): void => parentPort?.postMessage(vetted)

/** Does the work of a `vetFile` thread: loads the file for the first time, and reports the result. */
export async function vetOnThread(load: (path: string) => Promise<void>): Promise<void> {
  reportExit(post)
  try {
    await load(String(workerData))
    // Waits for unhandled rejections in the file. They occur after the load, and end any thread that loads the file.
    for (let turn = 0; turn < TURNS; turn++) await setImmediate()
    post({ type: 'good' })
  } catch (error) {
    post(badBy(error))
  }
}

/** Calls back whenever the thread calls `process.exit`. */
export function reportExit(report: (exited: Exited) => void): void {
  const exit = process.exit.bind(process)
  process.exit = (exitCode) => {
    report({ type: 'exited', exitCode: exitCode ?? process.exitCode ?? 0 })
    return exit(exitCode)
  }
  // After an uncaught error, Node itself calls process.exit. This call is not reported, because its message could
  // arrive before the error.
  process.on('uncaughtExceptionMonitor', () => {
    process.exit = exit
  })
}

export const badBy = (error: unknown): Bad => ({
  type: 'bad',
  code: error instanceof UserError ? error.code : 'input',
  message: error instanceof Error ? error.message : String(error),
})
