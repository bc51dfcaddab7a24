import { type ChildProcess, spawn } from 'node:child_process'
import { UserError } from '@chaos/history'
import { builtEntry } from './entry.ts'

/** The process that ends ours when we die without a chance to: see `keeper/main.ts`. */
export interface Keeper {
  readonly pid: number
  /** To be called in the same turn in which the process was spawned. */
  watch(pid: number): void
  forget(pid: number): void
  /** Resolves when it has ended. */
  close(): Promise<void>
}

export function startKeeper(died: () => void): Keeper {
  // A session of its own: Ctrl-C in the terminal reaches the runner only, which then has a run to finish.
  const child = spawn(process.execPath, [builtEntry('keeper')], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  if (child.pid === undefined) {
    child.once('error', () => {})
    throw new UserError('environment', `no process could be started (${process.execPath})`)
  }
  let closing = false
  const ended = exitOf(child).then(() => {
    if (!closing) died()
  })
  child.stdin.on('error', () => {})
  const tell = (line: string) => {
    if (child.stdin.writable) child.stdin.write(line)
  }
  return {
    pid: child.pid,
    watch: (pid) => tell(`+${pid}\n`),
    forget: (pid) => tell(`-${pid}\n`),
    close() {
      closing = true
      child.stdin.end()
      return ended
    },
  }
}

/** Resolves when the process has ended and all it wrote is here, or could not be started at all. */
export function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => {
      if (child.pid === undefined) resolve()
    })
  })
}
