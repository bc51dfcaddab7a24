import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { UserError } from '@chaos/history'
import type { NodeStatus } from '@chaos/protocols'
import { isStopped } from '../keeper/process-identity.ts'
import type { BrokenProtocol, NodeReport, NodeRequest, NodeSetup } from '../node/wire.ts'
import { isProtocolFile } from '../protocol-file.ts'
import { builtEntry } from './entry.ts'
import { exitOf, type Keeper } from './keeper.ts'
import { lastLines } from './log-tail.ts'

/** A protocol that takes all memory is not to take that of others: its watchdog ends it before. */
const LARGEST_HEAP = '--max-old-space-size=1024'

/** One life of one node. */
export interface NodeProcess {
  readonly pid: number
  /** Rejects with a UserError if it ends before it is ready. */
  readonly ready: Promise<{ readonly clientPort: number; readonly peerPort: number }>
  readonly exited: Promise<void>
  /** Last reported; undefined before the first report, while paused, and after the end. */
  status(): NodeStatus | undefined
  running(): boolean
  /** What its protocol did wrong, where that is why it ended. */
  broken(): BrokenProtocol | undefined
  /** Its log counts from this moment from now on. */
  countFrom(originNanos: bigint): void
  /** SIGSTOP; resolves once it is stopped, or ended. */
  pause(): Promise<void>
  resume(): void
  /** SIGKILL; resolves once it has ended. */
  kill(): Promise<void>
  /** SIGTERM, and SIGKILL if that is not enough in time. */
  end(graceMs: number): Promise<void>
}

interface Listener {
  readonly statusChanged: () => void
  readonly marked: () => void
}

export function spawnNode(setup: NodeSetup, keeper: Keeper, { statusChanged, marked }: Listener): NodeProcess {
  const log = openLog(setup.logPath)
  const limits = isProtocolFile(setup.protocol) ? [LARGEST_HEAP] : []
  // Not in the terminal's process group: Ctrl-C is for the runner, which heals, reads a last time and then ends its nodes.
  const child = spawn(process.execPath, [...limits, builtEntry('node'), setup.id], {
    detached: true,
    stdio: ['pipe', 'pipe', log],
  })
  closeSync(log)
  const { pid, stdin, stdout } = child
  if (pid === undefined || stdin === null || stdout === null) {
    child.once('error', () => {})
    throw new UserError('environment', `${setup.id}: no process could be started (${process.execPath})`)
  }
  keeper.watch(pid)
  let status: NodeStatus | undefined
  let paused = false
  let running = true
  let broken: BrokenProtocol | undefined

  const exited = exitOf(child).then(() => {
    running = false
    keeper.forget(pid)
    statusChanged()
  })
  const ready = new Promise<{ clientPort: number; peerPort: number }>((resolve, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const report = JSON.parse(line) as NodeReport
      if (report.type === 'ready') return resolve(report)
      if (report.type === 'marked') {
        marked()
        return
      }
      if (report.type === 'broken') {
        broken = report
        return
      }
      status = report.status
      statusChanged()
    })
    exited.then(() => reject(neverReady(setup, broken, child.exitCode, child.signalCode)))
  })
  // Whoever waits for it hears of it; nobody has to.
  ready.catch(() => {})
  stdin.on('error', () => {})
  const tell = (line: NodeSetup | NodeRequest) => {
    if (stdin.writable) stdin.write(`${JSON.stringify(line)}\n`)
  }
  const signal = (name: NodeJS.Signals) => running && child.kill(name)
  tell(setup)

  return {
    pid,
    ready,
    exited,
    status: () => (running && !paused ? status : undefined),
    running: () => running,
    broken: () => broken,
    countFrom: (originNanos) => tell({ type: 'origin', originNanos: String(originNanos) }),
    async pause() {
      paused = true
      statusChanged()
      // A signal is sent before it has its effect: the process may still be running on another processor.
      if (signal('SIGSTOP')) while (running && isStopped(pid) === false) await new Promise(setImmediate)
    },
    resume() {
      // What was last known is not what is: the node tells anew.
      status = undefined
      paused = false
      signal('SIGCONT')
      tell({ type: 'status' })
    },
    kill() {
      signal('SIGKILL')
      return exited
    },
    async end(graceMs) {
      signal('SIGCONT')
      signal('SIGTERM')
      const force = setTimeout(() => signal('SIGKILL'), graceMs)
      await exited
      clearTimeout(force)
    },
  }
}

/** The run cannot go on: what its author has to know, in full. */
export const brokenError = ({ what, trace }: BrokenProtocol, logPath: string): UserError =>
  new UserError(
    'environment',
    [`The protocol does not work: ${what}`, ...trace.map((frame) => `    ${frame}`), `Its log is ${logPath}`].join(
      '\n',
    ),
  )

function openLog(path: string): number {
  try {
    return openSync(path, 'a')
  } catch (error) {
    throw new UserError('environment', `${path} cannot be written (${(error as Error).message})`)
  }
}

function neverReady(
  setup: NodeSetup,
  broken: BrokenProtocol | undefined,
  code: number | null,
  signal: string | null,
): UserError {
  if (broken !== undefined) return brokenError(broken, setup.logPath)
  const how = signal === null ? `exit code ${code}` : signal
  return new UserError(
    'environment',
    `${setup.id} did not start (${how}). ${lastLines(setup.logPath)}\nIts log is ${setup.logPath}`,
  )
}
