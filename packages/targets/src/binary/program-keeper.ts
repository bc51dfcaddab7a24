import { type Keeper, startKeeper } from '../keeper/keeper.ts'
import { startTimeOf, type TreeRoot } from '../processes/process-tree.ts'

// A thread that waits for its program is ended from outside, without a chance to end the program. The keeper's pipe
// closes with the thread.

let keeper: Keeper | undefined

/** Has a program killed, with all that it started, once this thread has ended in whatever way. */
export function endWithThisThread(pid: number, mark: string): TreeRoot {
  keeper ??= startKeeper(() => {
    keeper = undefined
  })
  keeper.unref()
  const root = { pid, startTime: startTimeOf(pid), mark, forks: true }
  keeper.watch(root)
  return root
}

/** Has a directory removed once this thread has ended without doing so itself. */
export function removeWithThisThread(path: string): void {
  keeper ??= startKeeper(() => {
    keeper = undefined
  })
  keeper.unref()
  keeper.removeLater(path)
}

export const forget = (root: TreeRoot): void => keeper?.forget(root)
