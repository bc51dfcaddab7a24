import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { MARK, startTimeOf } from '../processes/process-tree.ts'
import { type Keeper, startKeeper } from './keeper.ts'

// A thread can be ended from outside, before it can end the processes that it has started. The pipe to its keeper
// closes with the thread, and the keeper then ends these processes.

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
 * variable to the process's environment. `forks`: the process's descendants are killed with it; otherwise the process
 * must end them itself, as a run of `chaos` does.
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

/** Removes a directory once this thread ends without having removed it. */
export const removeWithThisThread = (path: string): void => keeperOfThisThread().removeLater(path)
