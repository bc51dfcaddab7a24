import { setImmediate } from 'node:timers/promises'
import type { NodeId, Schedule } from '@chaos/faults'
import type { Event, Millis } from '@chaos/history'
import { describeEvent, type KnobValue, MachineError, type ProtocolDefinition } from '@chaos/protocols'
import { type RunOptions, registerWorkload } from '@chaos/runner'
import { beginSimulation, createSimulatedCluster, type SimulatedCluster, type SimulatedRun } from '@chaos/simulator'

/** A run as JSON: what can be sent to another thread. */
export interface RunPlan {
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly nodes: number
  readonly keys: number
  readonly cas: boolean
  readonly clients: number
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly quietMs: Millis
  readonly seed: number
  readonly schedule: Schedule
}

export const optionsOf = (plan: RunPlan, append: (event: Event) => void): Omit<RunOptions, 'cluster'> => ({
  workload: registerWorkload({ keys: plan.keys, cas: plan.cas }),
  schedule: plan.schedule,
  sink: { append },
  clients: plan.clients,
  rate: plan.rate,
  timeMs: plan.timeMs,
  timeoutMs: plan.timeoutMs,
  quietMs: plan.quietMs,
  seed: plan.seed,
})

/** The protocol's own code is to blame. */
export interface BrokenRun {
  readonly type: 'broken'
  readonly what: string
  readonly trace: readonly string[]
}

export interface Simulated {
  readonly events: readonly Event[]
  readonly end: SimulatedRun | BrokenRun
}

/** Runs the same plan as often as it is asked to. */
export interface Simulator {
  simulate(): Promise<Simulated>
  end(): Promise<void>
}

/** Some ten milliseconds: the simulator never waits, and an interrupt is heard only where somebody does. */
const EVENTS_AT_A_TIME = 5_000

/** An honest protocol takes some thirty events for an operation: so many more of them within this time are a flood. */
const FLOOD_NANOS = 100e6
const FLOOD_EVENTS = 200_000
const FLOOD_EVENTS_PER_OPERATION = 1_000

/** Says what is wrong once far more happens in a moment of virtual time than anybody asked for. */
function floodWatch(cluster: SimulatedCluster, { rate }: RunPlan): () => string | undefined {
  const most = FLOOD_EVENTS + FLOOD_EVENTS_PER_OPERATION * rate * (FLOOD_NANOS / 1e9)
  let since: number = cluster.clock.now()
  let before = cluster.eventCount()
  return () => {
    const now = cluster.clock.now()
    const count = cluster.eventCount() - before
    if (count > most)
      return `the run does not end: ${count.toLocaleString('en-US')} events within ${Math.ceil((now - since) / 1e6)} ms of it`
    if (now - since < FLOOD_NANOS) return undefined
    since = now
    before = cluster.eventCount()
    return undefined
  }
}

const lastText = (last: { readonly node: NodeId; readonly event: unknown } | undefined): string =>
  last === undefined ? '' : `; the last one was ${last.node} on ${describeEvent(last.event)}`

/**
 * In virtual time: a function of the protocol and the plan alone, unless it is interrupted. One that is watched, as the
 * user's own are, is stopped when it floods.
 */
export async function simulate(
  protocol: ProtocolDefinition,
  plan: RunPlan,
  { interrupted, watched }: { readonly interrupted: () => boolean; readonly watched: boolean },
): Promise<Simulated> {
  const events: Event[] = []
  try {
    const { bug, knobs, nodes, seed } = plan
    let last: { readonly node: NodeId; readonly event: unknown } | undefined
    const observe = (node: NodeId) => (_: unknown, event: unknown) => {
      last = { node, event }
    }
    const machine = protocol.create({ bug, knobs })
    const cluster = createSimulatedCluster({ machine, nodes, seed, observe: watched ? observe : undefined })
    const flood = floodWatch(cluster, plan)
    const simulation = beginSimulation(
      cluster,
      optionsOf(plan, (event) => events.push(event)),
    )
    let told = false
    for (;;) {
      const end = simulation.advance(EVENTS_AT_A_TIME)
      if (end !== undefined) return { events, end }
      const flooded = watched ? flood() : undefined
      if (flooded !== undefined)
        return { events, end: { type: 'broken', what: `${flooded}${lastText(last)}`, trace: [] } }
      await setImmediate()
      if (told || !interrupted()) continue
      told = true
      simulation.handle.interrupt()
    }
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    return { events, end: { type: 'broken', what: error.message, trace: error.trace } }
  }
}
