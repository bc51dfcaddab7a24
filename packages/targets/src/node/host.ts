import type { AddressInfo, Server } from 'node:net'
import type { NodeId } from '@chaos/faults'
import { type Completion, millis, UserError } from '@chaos/history'
import {
  type AnyMachine,
  type Command,
  type MachineEvent,
  type NodeStatus,
  type Transition,
  threwOn,
} from '@chaos/protocols'
import { type AnyEffect, createEffectRunner, type VolatileEffect } from './effects.ts'
import { createHttpApi } from './http-api.ts'
import { openJournal } from './journal.ts'
import type { NodeLog } from './log.ts'
import { createPeerLink, type PeerLink } from './peer-link.ts'
import { createPeerListener } from './peer-listener.ts'
import type { Watchdog } from './watchdog.ts'

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
/** Effects that wait for the disk; beyond it, what peers send is dropped, as a network may. */
const MAX_BACKLOG = 50_000
/** Requests without an answer yet; further ones are refused. */
const MAX_REQUESTS = 10_000

export interface NodeOptions {
  readonly id: NodeId
  readonly protocol: string
  readonly machine: AnyMachine
  readonly peers: readonly { readonly id: NodeId; readonly port: number }[]
  readonly seed: number
  readonly journalPath: string
  readonly log: NodeLog
  /** Told of every step before and after it. */
  readonly watchdog?: Watchdog | undefined
  /** Called after every change. */
  readonly statusChanged: (status: NodeStatus) => void
  /** Told once, when a deliberate mistake has made a difference. */
  readonly marked: () => void
  /** The node cannot go on: its disk failed, or its protocol threw. */
  readonly failed: (error: Error) => void
}

export interface NodeHost {
  readonly clientPort: number
  readonly peerPort: number
  status(): NodeStatus
  close(): void
}

/**
 * One node: a state machine, a journal, a server for clients, and links to the peers. Replays the journal, starts the
 * machine, and listens on 127.0.0.1, on ports that the system chooses. Rejects where the journal or a port cannot be had.
 */
export async function startNode(options: NodeOptions): Promise<NodeHost> {
  const { machine, log } = options
  const { journal, records, tornBytes } = openJournal(options.journalPath)
  if (tornBytes > 0) log.line(`journal: cut off a torn record of ${tornBytes} bytes at the end, never acknowledged`)

  // Request ids are unique over restarts: no two incarnations share a process id and a start time. They begin with the
  // node's name, by which a protocol is not blamed for a late answer to what it was asked in an earlier life.
  const incarnation = `${options.id}.${process.pid.toString(36)}.${process.hrtime.bigint().toString(36)}`
  const answers = new Map<string, (result: Completion) => void>()
  const timers = new Map<string, NodeJS.Timeout>()
  const links = new Map<NodeId, PeerLink>()
  let requests = 0
  let marked = false
  let closed = false

  const effects = createEffectRunner({
    journal,
    carryOut,
    diskFailed: (error) =>
      fail(new UserError('environment', `${options.journalPath}: writing failed (${error.message})`)),
  })
  const api = createHttpApi({
    id: options.id,
    protocol: options.protocol,
    status: () => known ?? machine.status(state),
    request,
  })
  const listener = createPeerListener({
    id: options.id,
    peers: options.peers.map((peer) => peer.id),
    received(from, message) {
      if (effects.backlog() <= MAX_BACKLOG) step({ type: 'message', from, message })
    },
    refused: (reason) => log.line(`closed a connection: ${reason}`),
  })
  for (const { id: to, port } of options.peers)
    links.set(to, createPeerLink({ from: options.id, to, port, maxBufferedBytes: MAX_BUFFERED_BYTES }))

  const setting = { id: options.id, peers: options.peers.map((peer) => peer.id), seed: options.seed }
  log.line(`${options.id} starts: ${options.protocol}, ${records.length} journal records, process ${process.pid}`)
  const start = blamed(undefined, () => machine.start(setting, records, now()))
  let state: unknown = start.state
  let known: NodeStatus | undefined
  effects.run(start.effects)
  noteStatus()
  const [clientPort, peerPort] = await Promise.all([listen(api), listen(listener.server)])
  return { clientPort, peerPort, status: () => known ?? machine.status(state), close }

  function step(event: MachineEvent<unknown>): void {
    if (closed) return
    try {
      const transition = blamed(event, () => machine.step(state, event, now()))
      state = transition.state
      if (transition.effects.length > 0) effects.run(transition.effects as readonly AnyEffect[])
      noteStatus()
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function blamed(
    event: MachineEvent<unknown> | undefined,
    run: () => Transition<unknown, unknown, unknown>,
  ): Transition<unknown, unknown, unknown> {
    options.watchdog?.begins(event)
    try {
      return run()
    } catch (error) {
      throw threwOn(options.id, event, error)
    } finally {
      options.watchdog?.ends()
    }
  }

  function request(command: Command, answer: (result: Completion) => void): void {
    if (answers.size >= MAX_REQUESTS) {
      answer({ type: 'fail', error: 'unavailable' })
      return
    }
    const requestId = `${incarnation}.${requests++}`
    answers.set(requestId, answer)
    step({ type: 'request', requestId, ...command })
  }

  function carryOut(effect: VolatileEffect): void {
    switch (effect.type) {
      case 'send':
        links.get(effect.to)?.send(effect.message)
        break
      case 'reply':
        reply(effect.requestId, effect.result)
        break
      case 'setTimer':
        setTimer(effect.timer, effect.afterMs)
        break
      case 'cancelTimer':
        clearTimeout(timers.get(effect.timer))
        break
      case 'log':
        log.line(effect.text)
        break
      case 'mark':
        if (!marked) options.marked()
        marked = true
        break
      default:
        effect satisfies never
    }
  }

  function reply(requestId: string, result: Completion): void {
    const answer = answers.get(requestId)
    answers.delete(requestId)
    answer?.(result)
  }

  function setTimer(timer: string, afterMs: number): void {
    clearTimeout(timers.get(timer))
    timers.set(
      timer,
      setTimeout(() => step({ type: 'timer', timer }), afterMs),
    )
  }

  function noteStatus(): void {
    const status = machine.status(state)
    if (known !== undefined && sameStatus(status, known)) return
    log.line(describeChange(known, status))
    known = status
    options.statusChanged(status)
  }

  function fail(error: Error): void {
    if (closed) return
    close()
    options.failed(error)
  }

  function close(): void {
    closed = true
    for (const timer of timers.values()) clearTimeout(timer)
    for (const link of links.values()) link.close()
    listener.close()
    api.close()
    api.closeAllConnections()
  }
}

/**
 * Milliseconds on this machine's monotonic clock. It is the same for all its processes and does not begin anew when one
 * restarts: nodes whose clocks are apart, or jump, are a fault to be asked for, not an accident of starting.
 */
const now = () => millis(CLOCK_AT_START_MS + performance.now())
const CLOCK_AT_START_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now()

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

const sameStatus = (a: NodeStatus, b: NodeStatus): boolean =>
  a.role === b.role && a.leads === b.leads && a.term === b.term && a.leader === b.leader

function describeChange(before: NodeStatus | undefined, after: NodeStatus): string {
  const role = before === undefined || before.role === after.role ? after.role : `${before.role} -> ${after.role}`
  const term = after.term === undefined ? '' : `, term ${after.term}`
  const leader = after.leads || after.leader === undefined ? '' : `, follows ${after.leader}`
  return `${role}${term}${leader}`
}
