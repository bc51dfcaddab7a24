import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { ProgramCommand } from '../processes/command.ts'
import { builtEntry } from '../processes/entry.ts'
import type { TreeRoot } from '../processes/process-tree.ts'

/** A process that ends ours if this one dies without cleaning up: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /**
   * Must be called in the same turn of the event loop as the spawn. What is `finishing` is ended only once its time is up,
   * and what is undone of its node waits for that.
   */
  watch(root: TreeRoot, finishing?: Finishing): void
  forget(root: TreeRoot): void
  /** Removes the directory if this process dies, once all watched processes have ended. */
  removeLater(path: string): void
  /**
   * Runs the command if this process dies before the returned function is called; the latest first. Commands about
   * different nodes are run side by side, and before those about none.
   */
  undoLater(command: ProgramCommand, undoing: Undoing): () => void
  /** What is undone of this node is undone again, a few times at most, until the command ends with exit code 0. */
  undoUntil(command: ProgramCommand, timeoutMs: number, node: NodeId): void
  /** Lets this process end without closing the keeper, which then acts. */
  unref(): void
  /** Resolves once the keeper has ended. */
  close(): Promise<void>
}

/**
 * When something is undone, if not in its turn. `first`: before all else of its node, and over and over while a command
 * that is `finishing` goes on, since that may wait for it; it must not matter how often. `start`: after those and before
 * what clients need not wait for. `meanwhile`: only while such a command goes on, over and over. `beside`: from the
 * beginning on, at the same time as everything else, since it takes long.
 */
export type Turn = 'first' | 'start' | 'meanwhile' | 'beside'

/** How a command undoes something. */
export interface Undoing {
  readonly timeoutMs: number
  /** What it is about, if that is a node. */
  readonly node?: NodeId | undefined
  readonly turn?: Turn | undefined
  /** Only for `meanwhile`: not before this much time has passed since the death. */
  readonly afterMs?: number | undefined
}

/** A command that must not be ended halfway: an engine would no longer know what it has started. */
export interface Finishing {
  /** What it is about, if that is a node. */
  readonly node: NodeId
  readonly withinMs: number
}

/** Requests to a keeper, one line of JSON each. */
export type KeeperRequest =
  | { readonly type: 'watch'; readonly root: TreeRoot; readonly finishing?: Finishing | undefined }
  | { readonly type: 'forget'; readonly pid: number }
  | { readonly type: 'remove'; readonly path: string }
  | ({ readonly type: 'undo'; readonly id: number; readonly command: ProgramCommand } & Undoing)
  | { readonly type: 'until'; readonly node: NodeId; readonly command: ProgramCommand; readonly timeoutMs: number }
  | { readonly type: 'undone'; readonly id: number }
  /** The owner is ending cleanly. */
  | { readonly type: 'leave' }

/** `died` is called if the keeper ends before it is closed. */
export function startKeeper(died: () => void): Keeper {
  // A session of its own: Ctrl-C in the terminal must reach only the runner, which then has a run to finish.
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
    // Whatever was to be removed or undone is settled by now: the keeper must act only if its owner dies.
    close() {
      closing = true
      tell({ type: 'leave' })
      child.stdin.end()
      return ended
    },
  }
}
