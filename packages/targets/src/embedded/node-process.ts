import { environmentError, type UserError } from '@chaosproxy/history'
import type { NodeStatus } from '@chaosproxy/protocols'
import { type CommandProcess, startCommand } from '../command/command-process.ts'
import { neverReady } from '../command/readiness.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { BrokenProtocol, NodeReport, NodeRequest, NodeSetup } from '../node/wire.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { builtEntry } from '../processes/entry.ts'
import { isUserFile } from '../user-files/import.ts'

/**
 * Without a limit, a protocol could exhaust the machine's memory. The watchdog reports a node before the node reaches
 * this limit.
 */
const LARGEST_HEAP = '--max-old-space-size=1024'

export interface Ports {
  readonly clientPort: number
  readonly peerPort: number
}

export interface NodeProcess
  extends Pick<CommandProcess, 'pid' | 'command' | 'exited' | 'pause' | 'resume' | 'kill' | 'end'> {
  /** Rejects with a UserError if the process ends before it is ready. */
  readonly ready: Promise<Ports>
  /** Returns the last reported status; undefined before the first, while paused, and after the end. */
  status(): NodeStatus | undefined
  /** Returns whether every peer has dialled the node. Before that, messages may be lost even without a fault. */
  linked(): boolean
  broken(): BrokenProtocol | undefined
  /** Sets the origin of the times in the node's log. */
  countFrom(originNanos: bigint): void
}

export async function startNode(
  setup: NodeSetup,
  keeper: Keeper,
  { statusChanged, marked }: { readonly statusChanged: () => void; readonly marked: () => void },
): Promise<NodeProcess> {
  const limits = isUserFile(setup.protocol) ? [LARGEST_HEAP] : []
  const command: ProgramCommand = { words: [process.execPath, ...limits, builtEntry('node'), setup.id] }
  let status: NodeStatus | undefined
  let broken: BrokenProtocol | undefined
  let linked = setup.peers.length === 0
  let paused = false
  let listening: (ports: Ports) => void = () => {}
  const ready = new Promise<Ports>((resolve) => {
    listening = resolve
  })

  function hear(report: NodeReport): void {
    switch (report.type) {
      case 'ready':
        listening(report)
        return
      case 'marked':
        marked()
        return
      case 'linked':
        linked = true
        statusChanged()
        return
      case 'broken':
        broken = report
        return
      case 'status':
        status = report.status
        statusChanged()
        return
    }
  }

  const { id: name, logPath } = setup
  const node = await startCommand({
    name,
    command,
    logPath,
    keeper,
    line: (text) => hear(JSON.parse(text) as NodeReport),
    forks: false,
  })
  const send = (request: NodeSetup | NodeRequest) => node.write(JSON.stringify(request))
  send(setup)
  const ended = node.exited.then((exit) => {
    statusChanged()
    throw broken === undefined ? neverReady(name, logPath, exit) : brokenError(broken, logPath)
  })
  // The rejection counts as handled, even if nobody waits for `ready`.
  ended.catch(() => {})

  return {
    ...node,
    ready: Promise.race([ready, ended]),
    status: () => (node.running() && !paused ? status : undefined),
    linked: () => linked,
    broken: () => broken,
    countFrom: (originNanos) => send({ type: 'origin', originNanos: String(originNanos) }),
    pause() {
      paused = true
      statusChanged()
      return node.pause()
    },
    resume() {
      // The status from before the pause is outdated, and the node reports a new one.
      status = undefined
      paused = false
      node.resume()
      send({ type: 'status' })
    },
  }
}

/** Returns the error that ends the run, with everything that helps the protocol's author. */
export const brokenError = ({ what, trace }: BrokenProtocol, logPath: string): UserError =>
  environmentError(
    [`The protocol does not work: ${what}`, ...trace.map((frame) => `    ${frame}`), `Its log is ${logPath}`].join(
      '\n',
    ),
  )
