import type { AddressInfo, Server } from 'node:net'
import type { NodeId } from '@chaosproxy/faults'
import { type Completion, environmentError, millis } from '@chaosproxy/history'
import {
  type AnyMachine,
  type Command,
  type MachineEvent,
  type NodeStatus,
  type Transition,
  threwOn,
} from '@chaosproxy/protocols'
import { createCarrier } from './carry-out.ts'
import { type AnyEffect, createEffectRunner } from './effects.ts'
import { createHttpApi } from './http-api.ts'
import { createHttpServer } from './http-server.ts'
import { openJournal } from './journal.ts'
import type { NodeLog } from './log.ts'
import { createPeerLink, type PeerLink } from './peer-link.ts'
import { createPeerListener } from './peer-listener.ts'
import { createRequests } from './requests.ts'
import { createTimers } from './timers.ts'
import type { Watchdog } from './watchdog.ts'
import type { NodeSetup } from './wire.ts'

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
/** If more effects than this wait for the disk, messages from peers are dropped, as a network may drop them. */
const MAX_BACKLOG = 50_000

export interface NodeOptions extends Pick<NodeSetup, 'id' | 'protocol' | 'peers' | 'seed' | 'journalPath'> {
  readonly machine: AnyMachine
  readonly log: NodeLog
  /** The watchdog that is notified before and after every step. */
  readonly watchdog?: Watchdog | undefined
  readonly statusChanged: (status: NodeStatus) => void
  /** Called once, when a deliberate bug first changes behaviour. */
  readonly marked: () => void
  /** Called once, when all peers have dialled this node; never if the node has no peers. */
  readonly linked: () => void
  /** Called if the disk failed or the protocol threw, so that the node cannot continue. */
  readonly failed: (error: Error) => void
}

export interface NodeHost {
  readonly clientPort: number
  readonly peerPort: number
  status(): NodeStatus
  close(): void
}

/**
 * Starts a node: replays its journal, starts its machine, and listens on ports of 127.0.0.1 that the system chooses.
 * Rejects if the journal cannot be opened or a port cannot be bound.
 */
export async function startNode(options: NodeOptions): Promise<NodeHost> {
  const { id, protocol, seed, machine, log } = options
  const { journal, records, tornBytes } = openJournal(options.journalPath)
  if (tornBytes > 0) log.line(`journal: removed a torn, unacknowledged record of ${tornBytes} bytes from the end`)

  const peers = options.peers.map((peer) => peer.id)
  const requests = createRequests(id)
  const timers = createTimers((timer) => step({ type: 'timer', timer }))
  const links = new Map<NodeId, PeerLink>()
  const status = createStatusNote(options)
  let closed = false
  const carrier = createCarrier({ links, requests, timers, log, marked: options.marked })

  const diskFailed = (error: Error): void =>
    fail(environmentError(`${options.journalPath}: writing failed (${error.message})`))
  const effects = createEffectRunner({ journal, carryOut: carrier.carryOut, diskFailed })
  const api = createHttpApi({
    id,
    protocol,
    status: () => status.known() ?? machine.status(state),
    request,
  })
  const clients = createHttpServer(api)
  const listener = createPeerListener({
    id,
    peers,
    received(from, message) {
      if (effects.backlog() <= MAX_BACKLOG) step({ type: 'message', from, message })
    },
    linked: options.linked,
    refused: (reason) => log.line(`closed a connection: ${reason}`),
  })
  for (const { id: to, port } of options.peers)
    links.set(to, createPeerLink({ from: id, to, port, maxBufferedBytes: MAX_BUFFERED_BYTES }))

  log.line(`${id} starts: ${protocol}, ${records.length} journal records, process ${process.pid}`)
  const start = withAttributedErrors(options, undefined, () => machine.start({ id, peers, seed }, records, now()))
  let state: unknown = start.state
  effects.run(start.effects)
  status.note(state)
  const [clientPort, peerPort] = await Promise.all([listen(clients.server), listen(listener.server)])
  return { clientPort, peerPort, status: () => status.known() ?? machine.status(state), close }

  function step(event: MachineEvent<unknown>): void {
    if (closed) return
    try {
      const transition = withAttributedErrors(options, event, () => {
        const time = now()
        return machine.step(state, event, time, time)
      })
      state = transition.state
      carrier.stepped()
      if (transition.effects.length > 0) effects.run(transition.effects as readonly AnyEffect[])
      status.note(state)
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function request(command: Command, answer: (result: Completion) => void): void {
    const requestId = requests.open(answer)
    if (requestId === undefined) answer({ type: 'fail', error: 'unavailable' })
    else step({ type: 'request', requestId, ...command })
  }

  function fail(error: Error): void {
    if (closed) return
    close()
    options.failed(error)
  }

  function close(): void {
    closed = true
    timers.cancelAll()
    for (const link of links.values()) link.close()
    listener.close()
    clients.close()
  }
}

function withAttributedErrors(
  { id, watchdog }: NodeOptions,
  event: MachineEvent<unknown> | undefined,
  run: () => Transition<unknown, unknown, unknown>,
): Transition<unknown, unknown, unknown> {
  watchdog?.begins(event)
  try {
    return run()
  } catch (error) {
    throw threwOn(id, event, error)
  } finally {
    watchdog?.ends()
  }
}

/**
 * Returns the time on this machine's monotonic clock, in milliseconds. All processes share this clock, even after
 * restarts, so only faults cause skew and jumps. An offset to another clock would not do: it would be wrong if the
 * process was descheduled between the readings of the two clocks.
 */
const now = () => millis(Number(process.hrtime.bigint()) / 1e6)

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** The number of applied entries changes with every write, so it is reported at intervals. */
const ENTRIES_EVERY_MS = 200

function createStatusNote({ machine, log, statusChanged }: NodeOptions) {
  let known: NodeStatus | undefined
  let reportedAtMs = 0
  return {
    known: () => known,
    note(state: unknown): void {
      const status = machine.status(state)
      const isAsBefore = known !== undefined && sameStatus(status, known)
      if (isAsBefore && (status.applied === known?.applied || now() - reportedAtMs < ENTRIES_EVERY_MS)) return
      if (!isAsBefore) log.line(describeChange(known, status))
      known = status
      reportedAtMs = now()
      statusChanged(status)
    },
  }
}

const sameStatus = (a: NodeStatus, b: NodeStatus): boolean =>
  a.role === b.role &&
  a.leads === b.leads &&
  a.alone === b.alone &&
  a.term === b.term &&
  a.leader === b.leader &&
  a.owes === b.owes

function describeChange(before: NodeStatus | undefined, after: NodeStatus): string {
  const role = before === undefined || before.role === after.role ? after.role : `${before.role} -> ${after.role}`
  const term = after.term === undefined ? '' : `, term ${after.term}`
  const leader = after.leads || after.leader === undefined ? '' : `, follows ${after.leader}`
  return `${role}${term}${leader}`
}
