import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { MARK, startTimeOf } from '../processes/process-tree.ts'
import { type Keeper, startKeeper } from './keeper.ts'

// A thread may be ended from outside while its processes still run. Its pipe to the keeper then closes, and the keeper
// ends the processes.

let keeper: Keeper | undefined

function keeperOfThisThread(): Keeper {
  keeper ??= startKeeper(() => {
    keeper = undefined
  })
  keeper.unref()
  return keeper
}

interface ThreadsProcess<Child extends ChildProcess> {
  readonly child: Child
  /** Called once the process has ended: another process may then get its pid. */
  forget(): void
}

/**
 * Starts a process that is killed once this thread ends, whatever the reason. `spawn` must add the given variable to
 * the environment of the process. With `forks`, the descendants of the process are killed too. Otherwise, the process
 * must end its descendants itself, as a run of `chaos` does.
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

/** Registers a directory that the keeper removes once this thread has ended. */
export const removeWithThisThread = (path: string): void => keeperOfThisThread().removeLater(path)
