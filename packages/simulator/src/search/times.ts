import { linksBetween } from '@chaosproxy/faults'
import { type Millis, millis } from '@chaosproxy/history'
import { type AnyMachine, MachineError, type ProtocolOptions } from '@chaosproxy/protocols'
import { currentLeader } from '@chaosproxy/runner'
import { createSimulatedCluster } from '../cluster.ts'
import { possibleNodes } from './possible-nodes.ts'
import { machineOf, type SearchedProtocol } from './subject.ts'
import { warmUp } from './warm-up.ts'

/** The durations in a protocol. Timing bugs appear shortly before or after one of them ends. */
export interface Times {
  /** The time from the isolation of a leader until another node leads. Leases and elections determine this time. */
  readonly takeoverMs: Millis | undefined
  /** The durations of the protocol's timers, in ascending order. */
  readonly timersMs: readonly number[]
}

const NOTHING: Times = { takeoverMs: undefined, timersMs: [] }
const LONGEST = { events: 50_000, durationMs: millis(6_000) }
/** Shorter timers are ignored, because they can hardly be distinguished from network delays. */
const SHORTEST_TIMER_MS = 3
const MOST_TIMERS = 32

const known = new WeakMap<SearchedProtocol, Map<string, Times>>()

/** Returns a protocol's `Times`. Measures them once, in a run without clients in which the leader is cut off. */
export function timesOf(subject: SearchedProtocol, targetSettings: ProtocolOptions['settings']): Times {
  if (subject.start !== undefined) return NOTHING
  const ofSubject = known.get(subject) ?? new Map<string, Times>()
  known.set(subject, ofSubject)
  const name = JSON.stringify(targetSettings)
  const before = ofSubject.get(name)
  if (before !== undefined) return before
  const times = learned(subject, targetSettings)
  ofSubject.set(name, times)
  return times
}

function learned(subject: SearchedProtocol, targetSettings: ProtocolOptions['settings']): Times {
  const timers = new Set<number>()
  try {
    const takeoverMs = takeover(subject, noting(machineOf(subject, targetSettings), timers))
    return { takeoverMs, timersMs: [...timers].sort((one, other) => one - other) }
  } catch (error) {
    // This error of the protocol is ignored here, because the trials will report it.
    if (error instanceof MachineError) return NOTHING
    throw error
  }
}

function takeover(subject: SearchedProtocol, machine: AnyMachine): Millis | undefined {
  const nodes = subject.nodes ?? possibleNodes(subject.protocol, subject.targetSettings)[0] ?? 3
  const cluster = createSimulatedCluster({ machine, nodes, seed: 1 })
  warmUp(cluster)
  const leader = currentLeader(cluster)
  if (leader === undefined) return undefined
  const others = cluster.nodes.filter((node) => node !== leader)
  const cutAt = cluster.clock.now()
  cluster.inject({ kind: 'partition', links: linksBetween([[leader], others]), mode: 'drop' }, () => {})
  const isTaken = (): boolean => others.some((node) => cluster.status().get(node)?.leads === true)
  // In a protocol with several leaders, another node already leads, so there is no takeover.
  if (isTaken()) return undefined
  let steps = 0
  const end = cluster.run(() => ++steps % STEPS_BETWEEN_LOOKS === 0 && isTaken(), LONGEST)
  return end === 'done' ? millis((cluster.clock.now() - cutAt) / 1e6) : undefined
}

const STEPS_BETWEEN_LOOKS = 4

function noting(machine: AnyMachine, timers: Set<number>): AnyMachine {
  type Noted = ReturnType<AnyMachine['step']>
  const noted = (transition: Noted): Noted => {
    for (const effect of transition.effects)
      if (effect.type === 'setTimer' && effect.afterMs >= SHORTEST_TIMER_MS && timers.size < MOST_TIMERS)
        timers.add(Math.round(effect.afterMs))
    return transition
  }
  return {
    start: (node, journal, now) => noted(machine.start(node, journal, now)),
    step: (state, event, now, steady) => noted(machine.step(state, event, now, steady)),
    status: (state) => machine.status(state),
  }
}
