import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { MARK, startTimeOf } from '../processes/process-tree.ts'
import { type Keeper, startKeeper } from './keeper.ts'

// A thread can be ended from outside before it has ended the processes that it started. The thread's pipe to its keeper
// then closes, and the keeper ends these processes.

let keeper: Keeper | undefined

function keeperOfThisThread(): Keeper {
  keeper ??= startKeeper(() => {
    keeper = undefined
  })
  keeper.unref()
  return keeper
}

export interface ThreadsProcess<Child extends ChildProcess> {
  readonly child: Child
  /** Called once the process has ended, since another process may then get its pid. */
  forget(): void
}

/**
 * Starts a process that is killed once this thread ends, for any reason and at any time. `spawn` must add the given
 * variable to the process's environment. With `forks`, the process's descendants are killed too. Without `forks`, the
 * process must end its descendants itself, as a run of `chaos` does.
 */
export function startWithThisThread<Child extends ChildProcess>(
  spawn: (marked: { readonly [MARK]: string }) => Child,
  { forks }: { readonly forks: boolean },
): ThreadsProcess<Child> {
  const mark = randomUUID()
  const own = keeperOfThisThread()
  own.announce(mark)
  const child = spawn({ [MARK]: mark })
  const { pid } = child
  if (pid === undefined) return { child, forget() {} }
  const root = { pid, startTime: startTimeOf(pid), mark, forks }
  own.watch(root)
  return { child, forget: () => own.forget(root) }
}

/**
 * Registers a directory for removal. Once this thread has ended, the keeper removes the directory if it still exists.
 */
export const removeWithThisThread = (path: string): void => keeperOfThisThread().removeLater(path)
