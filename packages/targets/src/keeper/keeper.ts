import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import type { ProgramCommand } from '../processes/command.ts'
import { builtEntry } from '../processes/entry.ts'
import type { TreeRoot } from '../processes/process-tree.ts'

/** A process that cleans up if this one dies without doing so: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /** Called before a process is spawned with this mark: if this process dies before it calls `watch`, that one is killed. */
  announce(mark: string): void
  /**
   * Must be called in the same turn of the event loop as the spawn. A `finishing` process is ended only when its time
   * is up, and the undo commands of its node wait for it.
   */
  watch(root: TreeRoot, finishing?: Finishing): void
  forget(root: TreeRoot): void
  /** Removes the directory if this process dies, once all watched processes have ended. */
  removeLater(path: string): void
  /**
   * Runs the command if this process dies before the returned function is called; the latest first. Commands for
   * different nodes run concurrently, and before those for no node.
   */
  undoLater(command: ProgramCommand, undoing: Undoing): () => void
  /** Repeats the undo commands of this node a few times, until the given command exits with 0. */
  undoUntil(command: ProgramCommand, timeoutMs: number, node: NodeId): void
  /** Lets this process exit without closing the keeper, which then acts. */
  unref(): void
  /** Resolves once the keeper has ended. */
  close(): Promise<void>
}

/**
 * When an undo command runs, if not in the usual order. `first`: before all others of its node, and repeatedly while a
 * `finishing` command runs, since that may wait for it; it must be idempotent. `start`: after those, and before what
 * clients need not wait for. `meanwhile`: only while such a command runs, repeatedly. `beside`: from the start,
 * concurrently with everything else, because it takes long.
 */
export type Turn = 'first' | 'start' | 'meanwhile' | 'beside'

/** How a command undoes a fault. */
interface Undoing {
  readonly timeoutMs: number
  readonly node?: NodeId | undefined
  readonly turn?: Turn | undefined
  /** Only for `meanwhile`: the time to wait after the death. */
  readonly afterMs?: number | undefined
}

/** A command that must not be interrupted: an engine would no longer know what it has started. */
interface Finishing {
  readonly node: NodeId
  readonly withinMs: number
}

/** Requests to a keeper, one line of JSON each. */
export type KeeperRequest =
  | { readonly type: 'announce'; readonly mark: string }
  | { readonly type: 'watch'; readonly root: TreeRoot; readonly finishing?: Finishing | undefined }
  | { readonly type: 'forget'; readonly pid: number }
  | { readonly type: 'remove'; readonly path: string }
  | ({ readonly type: 'undo'; readonly id: number; readonly command: ProgramCommand } & Undoing)
  | { readonly type: 'until'; readonly node: NodeId; readonly command: ProgramCommand; readonly timeoutMs: number }
  | { readonly type: 'undone'; readonly id: number }
  /** The owner exits cleanly. */
  | { readonly type: 'leave' }

/** `died` is called if the keeper ends before it is closed. */
export function startKeeper(died: () => void): Keeper {
  // In its own session: Ctrl-C in the terminal must reach only the runner, which then has a run to finish.
  const child = spawn(process.execPath, [builtEntry('keeper')], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  if (child.pid === undefined) {
    child.once('error', () => {})
    throw environmentError(`no process could be started (${process.execPath})`)
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
    announce: (mark) => tell({ type: 'announce', mark }),
    watch: (root, finishing) => tell({ type: 'watch', root, finishing }),
    forget: ({ pid }) => tell({ type: 'forget', pid }),
    removeLater: (path) => tell({ type: 'remove', path: resolve(path) }),
    undoLater(command, undoing) {
      const id = ++undos
      tell({ type: 'undo', id, command, ...undoing })
      return () => tell({ type: 'undone', id })
    },
    undoUntil: (command, timeoutMs, node) => tell({ type: 'until', command, timeoutMs, node }),
    unref() {
      child.unref()
      // A socket, although its type does not say so.
      if (child.stdin instanceof Socket) child.stdin.unref()
    },
    // Everything has been undone and removed by now, so the keeper must not act.
    close() {
      closing = true
      tell({ type: 'leave' })
      child.stdin.end()
      return ended
    },
  }
}
