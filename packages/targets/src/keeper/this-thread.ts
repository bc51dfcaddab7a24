import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { MARK, startTimeOf } from '../processes/process-tree.ts'
import { type Keeper, startKeeper } from './keeper.ts'

// A thread can be ended from outside, without a chance to end what it has started. Its keeper's pipe closes with it.

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
  /** Called once the process has ended: its number may then become that of another one. */
  forget(): void
}

/**
 * Starts a process that is killed once this thread ends, for whatever reason and however soon. `spawn` must add the
 * variable that it gets to the process's environment. `forks`: its descendants are killed with it; without that it sees to
 * them itself, as a run of `chaos` does.
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

/** Has a directory removed once this thread ends without removing it. */
export const removeWithThisThread = (path: string): void => keeperOfThisThread().removeLater(path)
