import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { builtEntry } from '../entry.ts'
import type { Command } from './command.ts'
import type { TreeRoot } from './process-tree.ts'

/** The process that ends ours when we die without a chance to: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /** Call it in the same turn in which the process was spawned. */
  watch(root: TreeRoot): void
  forget(root: TreeRoot): void
  /** Removes the directory if we die, once all that was watched has ended. */
  removeLater(path: string): void
  /** Runs the command if we die before the returned function is called. The last one asked for comes first. */
  undoLater(command: Command, timeoutMs: number): () => void
  /** Resolves when it has ended. */
  close(): Promise<void>
}

/** What a keeper is told, one line of JSON each. */
export type KeeperRequest =
  | { readonly type: 'watch'; readonly root: TreeRoot }
  | { readonly type: 'forget'; readonly pid: number }
  | { readonly type: 'remove'; readonly path: string }
  | { readonly type: 'undo'; readonly id: number; readonly command: Command; readonly timeoutMs: number }
  | { readonly type: 'undone'; readonly id: number }
  /** The owner ends in good order. */
  | { readonly type: 'leave' }

/** `died` is called when it ends without having been closed. */
export function startKeeper(died: () => void): Keeper {
  // A session of its own: Ctrl-C in the terminal reaches the runner only, which then has a run to finish.
  const child = spawn(process.execPath, [builtEntry('keeper')], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  if (child.pid === undefined) {
    child.once('error', () => {})
    throw new UserError('environment', `no process could be started (${process.execPath})`)
  }
  let closing = false
  let undos = 0
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
    removeLater: (path) => tell({ type: 'remove', path: resolve(path) }),
    undoLater(command, timeoutMs) {
      const id = ++undos
      tell({ type: 'undo', id, command, timeoutMs })
      return () => tell({ type: 'undone', id })
    },
    // What was to be removed or undone has been, or nobody wants it: only its owner's death makes the keeper act.
    close() {
      closing = true
      tell({ type: 'leave' })
      child.stdin.end()
      return ended
    },
  }
}
