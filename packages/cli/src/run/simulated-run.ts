import { setImmediate } from 'node:timers/promises'
import type { Schedule } from '@chaos/faults'
import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { beginSimulation, createSimulatedCluster, digestOf, type SimulatedRun } from '@chaos/simulator'
import type { ProgressDisplay } from '../terminal/progress.ts'
import type { RunDirectory } from './directory.ts'
import type { Interrupts } from './interrupts.ts'
import { headerOf } from './plan.ts'
import { runOptions } from './real-run.ts'
import type { RunSettings } from './settings.ts'

/** The same run in virtual time: a function of the settings alone, the same to the byte wherever it is repeated. */
export async function runSimulated(
  settings: RunSettings,
  schedule: Schedule,
  directory: RunDirectory,
  progress: ProgressDisplay,
  interrupts: Interrupts,
): Promise<RunOutcome> {
  progress.update(`simulating ${settings.timeMs / 1000} s`)
  const { events, run } = await simulateOnce(settings, schedule, interrupts)
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (settings.verifyDeterminism) await verifyDeterminism(settings, schedule, events, directory, interrupts)
  if (run.type === 'ended') return run.outcome
  throw new UserError(
    'environment',
    `${settings.protocol.name}: the simulation was stopped (${run.reason}) before the run had ended. What was recorded until then: ${directory.history}`,
  )
}

/** An interrupt ends either run at another place: nothing can be said of runs that were. */
async function verifyDeterminism(
  settings: RunSettings,
  schedule: Schedule,
  events: readonly Event[],
  directory: RunDirectory,
  interrupts: Interrupts,
): Promise<void> {
  if (interrupts.interrupted()) return
  const again = await simulateOnce(settings, schedule, interrupts)
  if (interrupts.interrupted() || digestOf(again.events) === digestOf(events)) return
  throw new UserError(
    'environment',
    `${settings.protocol.name} is not deterministic: the same run, repeated, gave another history than ${directory.history}. Its steps may depend on their state and event alone: no clock, no Math.random, nothing kept outside the state.`,
  )
}

/** Some ten milliseconds: the simulator never waits, and an interrupt is heard only where somebody does. */
const EVENTS_AT_A_TIME = 5_000

async function simulateOnce(
  settings: RunSettings,
  schedule: Schedule,
  interrupts: Interrupts,
): Promise<{ readonly events: readonly Event[]; readonly run: SimulatedRun }> {
  const events: Event[] = []
  const cluster = createSimulatedCluster({
    machine: settings.protocol.create({ bug: settings.bug, knobs: settings.knobs }),
    nodes: settings.nodes,
    seed: settings.seed,
  })
  const simulation = beginSimulation(
    cluster,
    runOptions(settings, schedule, (event) => events.push(event)),
  )
  interrupts.onInterrupt(() => simulation.handle.interrupt())
  for (;;) {
    const run = simulation.advance(EVENTS_AT_A_TIME)
    if (run !== undefined) return { events, run }
    await setImmediate()
  }
}
