import { spawn } from 'node:child_process'
import { UserError } from '@chaosproxy/history'
import { builtEntry } from '../entry.ts'
import type { TreeRoot } from './process-tree.ts'

/** The process that ends ours when we die without a chance to: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /** Call it in the same turn in which the process was spawned. */
  watch(root: TreeRoot): void
  forget(root: TreeRoot): void
  /** Resolves when it has ended. */
  close(): Promise<void>
}

/** What a keeper is told, one line of JSON each. */
export type KeeperRequest =
  | { readonly type: 'watch'; readonly root: TreeRoot }
  | { readonly type: 'forget'; readonly pid: number }

/** `died` is called when it ends without having been closed. */
export function startKeeper(died: () => void): Keeper {
  // A session of its own: Ctrl-C in the terminal reaches the runner only, which then has a run to finish.
  const child = spawn(process.execPath, [builtEntry('keeper')], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  if (child.pid === undefined) {
    child.once('error', () => {})
    throw new UserError('environment', `no process could be started (${process.execPath})`)
  }
  let closing = false
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() => {
    if (!closing) died()
  })
  child.stdin.on('error', () => {})
  const tell = (request: KeeperRequest) => {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(request)}\n`)
  }
  return {
    pid: child.pid,
    watch: (root) => tell({ type: 'watch', root }),
    forget: ({ pid }) => tell({ type: 'forget', pid }),
    close() {
      closing = true
      child.stdin.end()
      return ended
    },
  }
}
