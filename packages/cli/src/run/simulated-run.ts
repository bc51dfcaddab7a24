import type { Schedule } from '@chaos/faults'
import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { createSimulatedCluster, digestOf, type SimulatedRun, simulateRun } from '@chaos/simulator'
import type { ProgressDisplay } from '../terminal/progress.ts'
import type { RunDirectory } from './directory.ts'
import { headerOf } from './plan.ts'
import { runOptions } from './real-run.ts'
import type { RunSettings } from './settings.ts'

/** The same run in virtual time: a function of the settings alone, the same to the byte wherever it is repeated. */
export async function runSimulated(
  settings: RunSettings,
  schedule: Schedule,
  directory: RunDirectory,
  progress: ProgressDisplay,
): Promise<RunOutcome> {
  progress.update(`simulating ${settings.timeMs / 1000} s`)
  const { events, run } = simulateOnce(settings, schedule)
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (settings.verifyDeterminism && digestOf(simulateOnce(settings, schedule).events) !== digestOf(events))
    throw new UserError(
      'environment',
      `${settings.protocol.name} is not deterministic: the same run, repeated, gave another history than ${directory.history}. Its steps may depend on their state and event alone: no clock, no Math.random, nothing kept outside the state.`,
    )
  if (run.type === 'ended') return run.outcome
  throw new UserError(
    'environment',
    `${settings.protocol.name}: the simulation was stopped (${run.reason}) before the run had ended. What was recorded until then: ${directory.history}`,
  )
}

function simulateOnce(settings: RunSettings, schedule: Schedule): { events: readonly Event[]; run: SimulatedRun } {
  const events: Event[] = []
  const cluster = createSimulatedCluster({
    machine: settings.protocol.create({ bug: settings.bug, knobs: settings.knobs }),
    nodes: settings.nodes,
    seed: settings.seed,
  })
  const run = simulateRun(
    cluster,
    runOptions(settings, schedule, (event) => events.push(event)),
  )
  return { events, run }
}
