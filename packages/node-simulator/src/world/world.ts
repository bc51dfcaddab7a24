import { AsyncResource } from 'node:async_hooks'
import type { Endpoint, NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import { Call, EventQueue, type Moment, type MomentWatch, noWatch, type PlannedHold } from '@chaosproxy/simulator'
import type { NotSimulated } from '../refusal.ts'
import { Assertions } from './assertions.ts'
import { Holds } from './holds.ts'
import { type CodeWatch, Requests } from './requests.ts'

/** All clients together have this name as an end of a link. */
export const CLIENTS: Endpoint = 'clients'

/** Called for each turn of a program, so that a program that never returns can be named. */
export interface TurnWatch {
  entered(node: NodeId): void
  left(): void
}

export interface Actor {
  readonly id: NodeId
  readonly followsContext: boolean
  enter(run: () => void): void
}

export interface WorldOptions {
  /** The assertions that at least one run should reach. */
  readonly expected: Iterable<string>
  readonly log: (node: NodeId, text: string) => void
  readonly moments: MomentWatch
  readonly turns: TurnWatch | undefined
  /** Called with every event, for a digest of the run. */
  readonly trace: ((text: string) => void) | undefined
  /**
   * Called for every step of the program's code that serves a client's request. The program must have been loaded with
   * probes.
   */
  readonly code?: CodeWatch | undefined
  /**
   * Whether to track the client's request that the program is serving. If `code` is set, requests are always tracked.
   */
  readonly followsRequests?: boolean | undefined
  /** The requests to hold; none if absent. */
  readonly holds?: readonly PlannedHold[] | undefined
}

/** 2030-01-01T00:00:00Z: the time of every node's clock when a run begins. */
const EPOCH_MS = 1_893_456_000_000

/** If a node ends before it listens, this many lines of its output are reported. */
const LAST_LINES = 3

/** The virtual time of a run, and the state that all nodes share. */
export class World {
  readonly queue: EventQueue = new EventQueue()
  readonly epochMs: number = EPOCH_MS
  trace: ((text: string) => void) | undefined
  /** Paused nodes, each with the events that it missed. */
  readonly paused: Map<NodeId, (() => void)[]> = new Map()
  /** The native HTTP parsers in use. Node can free a parser only once the parser refers to no other object. */
  readonly parsers: Set<unknown> = new Set()
  readonly assertions: Assertions
  readonly requests: Requests | undefined
  readonly holds: Holds<Actor> | undefined
  #log: (node: NodeId, text: string) => void
  readonly lastLines: Map<NodeId, readonly string[]> = new Map()
  #moments: MomentWatch
  #turns: TurnWatch | undefined
  /** The first use of something that cannot be simulated. */
  refused: { readonly node: NodeId; readonly error: NotSimulated } | undefined
  turnCount = 0
  lastTurn: NodeId | undefined

  constructor({ expected, log, moments, turns, trace, code, followsRequests, holds = [] }: WorldOptions) {
    this.assertions = new Assertions(expected)
    this.#log = log
    this.#moments = moments
    this.#turns = turns
    this.trace = trace
    this.requests = code === undefined && followsRequests !== true ? undefined : new Requests(code)
    this.holds = holds.length === 0 ? undefined : new Holds(this, holds)
  }

  schedule(delayNanos: number, run: () => void): () => void {
    return this.#schedule(delayNanos, new Call(run))
  }

  /** Schedules a turn of a program. A paused program takes the turn when it is resumed. */
  after(delayNanos: number, life: Actor, run: () => void): () => void {
    const bound = life.followsContext ? withContext(run) : run
    const call: Call = new Call(() => this.deliver(life, bound, call))
    return this.#schedule(delayNanos, call)
  }

  #schedule(delayNanos: number, call: Call): () => void {
    this.queue.schedule(this.queue.now + Math.max(0, Math.round(delayNanos)), call)
    return () => call.cancel()
  }

  /** Gives a program its turn now, or when it is resumed. */
  deliver(life: Actor, run: () => void, call?: Call): void {
    const held = this.paused.get(life.id)
    if (held === undefined) life.enter(run)
    // Several turns may wait for the end of the pause. One of the earlier turns may have cleared the timer of `call`.
    else held.push(() => (call === undefined || call.run !== undefined ? life.enter(run) : undefined))
  }

  resume(node: NodeId): void {
    const held = this.paused.get(node)
    this.paused.delete(node)
    for (const each of held ?? []) this.schedule(0, each)
  }

  /** Reports a moment at which a fault could begin. The steps of clients do not count. */
  notice(node: NodeId, moment: Moment): void {
    if (node !== CLIENTS && this.#moments.awaited[moment]) this.#moments.notice(node, moment)
  }

  entered(life: Actor): void {
    this.turnCount++
    this.lastTurn = life.id
    this.requests?.turned()
    this.#turns?.entered(life.id)
  }

  left(): void {
    this.requests?.turned()
    this.#turns?.left()
  }

  log(node: NodeId, text: string): void {
    this.trace?.(`${this.queue.now} ${node} says ${text}`)
    if (text.trim() !== '') this.lastLines.set(node, [...(this.lastLines.get(node) ?? []).slice(1 - LAST_LINES), text])
    this.#log(node, text)
  }

  refuse(node: NodeId, error: NotSimulated): void {
    this.refused ??= { node, error }
  }

  now(): Nanos {
    return this.queue.now
  }

  /** Ends the run. Other objects may still refer to this one, so it drops its references to the rest of the run. */
  close(): void {
    this.queue.clear()
    this.paused.clear()
    this.parsers.clear()
    this.trace = undefined
    this.#log = () => {}
    this.#moments = noWatch
    this.#turns = undefined
  }
}

/**
 * Makes an event run in the current contexts of `AsyncLocalStorage`, as Node's own events do. This costs less than
 * `AsyncLocalStorage.snapshot()`.
 */
function withContext(run: () => void): () => void {
  const resource = new AsyncResource('simulated')
  return () => resource.runInAsyncScope(run)
}
