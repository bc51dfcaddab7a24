import { setImmediate } from 'node:timers/promises'
import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { beginSimulation, createSimulatedCluster, digestOf, type SimulatedRun } from '@chaos/simulator'
import type { RunContext } from './context.ts'
import { headerOf } from './plan.ts'
import { runOptions } from './real-run.ts'

/** The same run in virtual time: a function of the settings alone, the same to the byte wherever it is repeated. */
export async function runSimulated(context: RunContext): Promise<RunOutcome> {
  const { settings, directory, progress } = context
  progress.update(`simulating ${settings.timeMs / 1000} s`)
  const { events, run } = await simulateOnce(context)
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (settings.verifyDeterminism) await verifyDeterminism(context, events)
  if (run.type === 'ended') return run.outcome
  throw new UserError(
    'environment',
    `${settings.protocol.name}: the simulation was stopped (${run.reason}) before the run had ended. What was recorded until then: ${directory.history}`,
  )
}

/** An interrupt ends either run at another place: nothing can be said of runs that were. */
async function verifyDeterminism(context: RunContext, events: readonly Event[]): Promise<void> {
  const { settings, directory, interrupts } = context
  if (interrupts.interrupted()) return
  const again = await simulateOnce(context)
  if (interrupts.interrupted() || digestOf(again.events) === digestOf(events)) return
  throw new UserError(
    'environment',
    `${settings.protocol.name} is not deterministic: the same run, repeated, gave another history than ${directory.history}. Its steps may depend on their state and event alone: no clock, no Math.random, nothing kept outside the state.`,
  )
}

/** Some ten milliseconds: the simulator never waits, and an interrupt is heard only where somebody does. */
const EVENTS_AT_A_TIME = 5_000

async function simulateOnce(
  context: RunContext,
): Promise<{ readonly events: readonly Event[]; readonly run: SimulatedRun }> {
  const { settings, interrupts } = context
  const events: Event[] = []
  const cluster = createSimulatedCluster({
    machine: settings.protocol.create({ bug: settings.bug, knobs: settings.knobs }),
    nodes: settings.nodes,
    seed: settings.seed,
  })
  const simulation = beginSimulation(
    cluster,
    runOptions(context, (event) => events.push(event)),
  )
  interrupts.onInterrupt(() => simulation.handle.interrupt())
  for (;;) {
    const run = simulation.advance(EVENTS_AT_A_TIME)
    if (run !== undefined) return { events, run }
    await setImmediate()
  }
}
