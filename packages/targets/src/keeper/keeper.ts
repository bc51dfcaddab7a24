import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import type { ProgramCommand } from '../processes/command.ts'
import { builtEntry } from '../processes/entry.ts'
import type { TreeRoot } from '../processes/process-tree.ts'

/** A process that cleans up if this process dies: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /**
   * Must be called before this process spawns a process whose environment contains the mark. If this process dies
   * before it calls `watch` for the spawned process, the keeper kills the spawned process.
   */
  announce(mark: string): void
  /**
   * Watches a process. Must be called in the same turn of the event loop as the spawn. A `finishing` process may use
   * its own time limit to end, and the undo commands of its node wait for it.
   */
  watch(root: TreeRoot, finishing?: Finishing): void
  forget(root: TreeRoot): void
  /** Registers a directory for removal once all watched processes have ended. */
  removeLater(path: string): void
  /**
   * Runs the command if this process dies before the returned function is called. Of the commands of one node, the
   * latest runs first. Commands of different nodes run concurrently, and commands for no node run last.
   */
  undoLater(command: ProgramCommand, undoing: Undoing): () => void
  /** Makes the keeper repeat this node's undo commands until the given command exits with 0 or time runs out. */
  undoUntil(command: ProgramCommand, timeoutMs: number, node: NodeId): void
  /** Allows this process to exit while the keeper still runs. The keeper then cleans up. */
  unref(): void
  close(): Promise<void>
}

/**
 * When an undo command runs, if it does not run in the usual order.
 * - `first`: before the other commands of its node. While a `finishing` command is in progress, the undo command also
 *   runs repeatedly, because the `finishing` command may wait for its effect. The undo command must be idempotent.
 * - `start`: after the `first` commands, and before the commands in the usual order, because clients wait for the node.
 * - `meanwhile`: repeatedly, and only while a `finishing` command is in progress.
 * - `beside`: from the beginning, concurrently with all other commands, because the command takes long.
 */
export type Turn = 'first' | 'start' | 'meanwhile' | 'beside'

interface Undoing {
  readonly timeoutMs: number
  readonly node?: NodeId | undefined
  readonly turn?: Turn | undefined
  /**
   * Only for `meanwhile`: the delay of the command's first run, in milliseconds, after the keeper begins to wait for
   * `finishing` commands.
   */
  readonly afterMs?: number | undefined
}

/** A command that must not be interrupted. A container engine, for example, would lose track of its processes. */
interface Finishing {
  readonly node: NodeId
  readonly withinMs: number
}

/** A request to a keeper, as one line of JSON. */
export type KeeperRequest = Tagged<
  'type',
  {
    announce: { mark: string }
    watch: { root: TreeRoot; finishing?: Finishing | undefined }
    forget: { pid: number }
    remove: { path: string }
    undo: { id: number; command: ProgramCommand } & Undoing
    until: { node: NodeId; command: ProgramCommand; timeoutMs: number }
    undone: { id: number }
    leave: unknown
  }
>

/** Starts a keeper. `died` is called if it ends before it is closed. */
export function startKeeper(died: () => void): Keeper {
  // The keeper has its own session: Ctrl-C must reach only the runner, which must finish its run.
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
  const send = (request: KeeperRequest) => {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(request)}\n`)
  }
  return {
    pid: child.pid,
    announce: (mark) => send({ type: 'announce', mark }),
    watch: (root, finishing) => send({ type: 'watch', root, finishing }),
    forget: ({ pid }) => send({ type: 'forget', pid }),
    removeLater: (path) => send({ type: 'remove', path: resolve(path) }),
    undoLater(command, undoing) {
      const id = ++undos
      send({ type: 'undo', id, command, ...undoing })
      return () => send({ type: 'undone', id })
    },
    undoUntil: (command, timeoutMs, node) => send({ type: 'until', command, timeoutMs, node }),
    unref() {
      child.unref()
      // At run time, this stream is a socket, although its type is more general.
      if (child.stdin instanceof Socket) child.stdin.unref()
    },
    // Everything has been undone at this point, so the keeper must not act.
    close() {
      closing = true
      send({ type: 'leave' })
      child.stdin.end()
      return ended
    },
  }
}
