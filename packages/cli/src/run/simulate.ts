import { setImmediate } from 'node:timers/promises'
import type { Schedule } from '@chaos/faults'
import type { Event, Millis } from '@chaos/history'
import { type KnobValue, MachineError, type ProtocolDefinition } from '@chaos/protocols'
import { type RunOptions, registerWorkload } from '@chaos/runner'
import { beginSimulation, createSimulatedCluster, type SimulatedRun } from '@chaos/simulator'

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

/** In virtual time: a function of the protocol and the plan alone, unless it is interrupted. */
export async function simulate(
  protocol: ProtocolDefinition,
  plan: RunPlan,
  interrupted: () => boolean,
): Promise<Simulated> {
  const events: Event[] = []
  try {
    const { bug, knobs, nodes, seed } = plan
    const cluster = createSimulatedCluster({ machine: protocol.create({ bug, knobs }), nodes, seed })
    const simulation = beginSimulation(
      cluster,
      optionsOf(plan, (event) => events.push(event)),
    )
    let told = false
    for (;;) {
      const end = simulation.advance(EVENTS_AT_A_TIME)
      if (end !== undefined) return { events, end }
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
