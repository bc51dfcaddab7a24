import type { Schedule } from '@chaos/faults'
import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { createSimulatedCluster, simulateRun } from '@chaos/simulator'
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
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (run.type === 'ended') return run.outcome
  throw new UserError(
    'environment',
    `${settings.protocol.name}: the simulation was stopped (${run.reason}) before the run had ended. What was recorded until then: ${directory.history}`,
  )
}
