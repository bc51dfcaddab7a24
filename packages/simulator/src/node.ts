import type { NodeId } from '@chaos/faults'
import { type Millis, millis, millisToNanos, type Nanos, nanos, nanosToMillis } from '@chaos/history'
import type { AnyStoreMachine, Effect, MachineEvent, NodeStatus, StoreCommand, StoreResult } from '@chaos/protocols'
import { fate, fateBits, type Stream, streamOf } from './fate.ts'
import type { EventQueue, Scheduled } from './queue.ts'

type AnyEvent = MachineEvent<unknown, StoreCommand>
type AnyEffect = Effect<unknown, StoreResult, unknown>

export interface NodeOptions {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly machine: AnyStoreMachine
  readonly seed: number
  /** How far this node's clock is ahead of true time. */
  readonly clockOffsetMs: Millis
  /** Making a record durable takes this long at least, and at most. */
  readonly fsyncMinMs: Millis
  readonly fsyncMaxMs: Millis
  readonly send: (to: NodeId, message: unknown) => void
  readonly log: (text: string) => void
  /** Told of every step, after it. */
  readonly observe: ((node: NodeId, state: unknown, event: AnyEvent | undefined) => void) | undefined
}

/** Called once with the answer, or with `undefined` where the node died first. */
type Replied = (result: StoreResult | undefined) => void

/** A machine with a disk, timers and a mailbox: everything of a process but the process. */
export interface SimulatedNode {
  readonly up: boolean
  receive(from: NodeId, message: unknown): void
  /** Only while the node is up. */
  request(requestId: string, command: StoreCommand, replied: Replied): void
  /** Drops everything that is not durable. False where it was down already. */
  kill(): boolean
  restart(): void
  pause(): void
  resume(): void
  status(): NodeStatus | undefined
}

export function createNode(queue: EventQueue, now: () => Nanos, options: NodeOptions): SimulatedNode {
  const { id, peers, machine } = options
  const seeds: Stream = streamOf(options.seed, `${id} seed`)
  const fsyncs: Stream = streamOf(options.seed, `${id} fsync`)
  const journal: unknown[] = []
  const requests = new Map<string, Replied>()
  const timers = new Map<string, Scheduled>()
  let state: unknown
  let up = false
  let life = 0
  let fsyncCount = 0
  let pauses = 0
  /** What came while the node was paused. */
  let backlog: (() => void)[] = []
  /** What waits for the disk; `undefined` while nothing is being written. */
  let waiting: AnyEffect[] | undefined

  const localTime = (): Millis => millis(nanosToMillis(now()) + options.clockOffsetMs)

  /** Runs something in this life of the node: at once, or when it is resumed; not at all in a later life. */
  function whenAwake(run: () => void): void {
    if (!up) return
    if (pauses > 0) backlog.push(run)
    else run()
  }

  function step(event: AnyEvent): void {
    const transition = machine.step(state, event, localTime())
    state = transition.state
    options.observe?.(id, state, event)
    carryOut(transition.effects)
  }

  function carryOut(effects: readonly AnyEffect[]): void {
    if (waiting !== undefined) {
      for (const effect of effects) waiting.push(effect)
      return
    }
    for (const [i, effect] of effects.entries()) {
      if (effect.type === 'persist') {
        write(effects.slice(i))
        return
      }
      execute(effect)
    }
  }

  /** One fsync for all records at hand; what stands between and after them waits for it. */
  function write(batch: readonly AnyEffect[]): void {
    waiting = []
    const { fsyncMinMs, fsyncMaxMs } = options
    const duration = fsyncMinMs + (fsyncMaxMs - fsyncMinMs) * fate(fsyncs, fsyncCount++)
    const current = life
    queue.schedule(nanos(now() + millisToNanos(millis(duration))), () => {
      if (current === life) whenAwake(() => written(batch))
    })
  }

  function written(batch: readonly AnyEffect[]): void {
    const later = waiting ?? []
    waiting = undefined
    for (const effect of batch) if (effect.type === 'persist') journal.push(effect.record)
    for (const effect of batch) execute(effect)
    carryOut(later)
  }

  function execute(effect: AnyEffect): void {
    switch (effect.type) {
      case 'send':
        options.send(effect.to, effect.message)
        return
      case 'reply': {
        const replied = requests.get(effect.requestId)
        requests.delete(effect.requestId)
        replied?.(effect.result)
        return
      }
      case 'setTimer':
        setTimer(effect.timer, effect.afterMs)
        return
      case 'cancelTimer':
        cancelTimer(effect.timer)
        return
      case 'log':
        options.log(effect.text)
        return
      case 'persist':
        return
      default:
        effect satisfies never
    }
  }

  function setTimer(timer: string, afterMs: Millis): void {
    cancelTimer(timer)
    const scheduled = queue.schedule(nanos(now() + millisToNanos(afterMs)), () =>
      whenAwake(() => {
        // It may have been set anew, or cancelled, while the node was paused.
        if (timers.get(timer) !== scheduled) return
        timers.delete(timer)
        step({ type: 'timer', timer })
      }),
    )
    timers.set(timer, scheduled)
  }

  function cancelTimer(timer: string): void {
    const scheduled = timers.get(timer)
    if (scheduled === undefined) return
    scheduled.run = undefined
    timers.delete(timer)
  }

  function start(): void {
    const setting = { id, peers, seed: fateBits(seeds, life) }
    const transition = machine.start(setting, [...journal], localTime())
    state = transition.state
    options.observe?.(id, state, undefined)
    carryOut(transition.effects)
  }

  const node: SimulatedNode = {
    get up() {
      return up
    },
    receive: (from, message) => whenAwake(() => step({ type: 'message', from, message })),
    request(requestId, command, replied) {
      requests.set(requestId, replied)
      whenAwake(() => step({ type: 'request', requestId, command }))
    },
    kill() {
      if (!up) return false
      up = false
      life++
      state = undefined
      waiting = undefined
      backlog = []
      for (const timer of [...timers.keys()]) cancelTimer(timer)
      const unanswered = [...requests.values()]
      requests.clear()
      for (const replied of unanswered) replied(undefined)
      return true
    },
    restart() {
      if (up) return
      up = true
      whenAwake(start)
    },
    pause: () => {
      pauses++
    },
    resume() {
      pauses = Math.max(0, pauses - 1)
      if (pauses > 0) return
      const missed = backlog
      backlog = []
      for (const run of missed) if (up) run()
    },
    status: () => (up && pauses === 0 ? machine.status(state) : undefined),
  }
  return node
}
