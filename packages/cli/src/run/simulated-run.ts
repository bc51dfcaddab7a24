import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { digestOf } from '@chaos/simulator'
import { isUserFile } from '@chaos/targets'
import type { RunContext } from './context.ts'
import { headerOf, runPlanOf } from './plan.ts'
import { type Simulator, simulate } from './simulate.ts'

/** The run in virtual time: a function of the settings alone, the same to the byte wherever it is repeated. */
export async function runSimulated(context: RunContext): Promise<RunOutcome> {
  const simulator = await simulatorFor(context)
  try {
    return await runOn(simulator, context)
  } finally {
    await simulator.end()
  }
}

async function runOn(simulator: Simulator, context: RunContext): Promise<RunOutcome> {
  const { settings, directory, progress } = context
  progress.update(`simulating ${settings.timeMs / 1000} s`)
  const { events, end } = await simulator.simulate()
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (settings.verifyDeterminism) await verifyDeterminism(simulator, context, events)
  if (end.type === 'ended') return end.outcome
  const recorded = events.length === 0 ? '' : ` What was recorded until then: ${directory.history}`
  const { name } = settings.protocol
  throw new UserError(
    'environment',
    end.type === 'broken'
      ? [`${name} does not work: ${end.what}`, ...end.trace.map((frame) => `    ${frame}`), recorded.trim()].join('\n')
      : `${name}: the simulation was stopped (${end.reason}) before the run had ended.${recorded}`,
  )
}

/** An interrupt ends either run at another place: nothing can be said of runs that were. */
async function verifyDeterminism(
  simulator: Simulator,
  { settings, directory, interrupts }: RunContext,
  events: readonly Event[],
): Promise<void> {
  if (interrupts.interrupted()) return
  const again = await simulator.simulate()
  if (interrupts.interrupted() || digestOf(again.events) === digestOf(events)) return
  throw new UserError(
    'environment',
    `${settings.protocol.name} is not deterministic: the same run, repeated, gave another history than ${directory.history}. Its steps may depend on their state and event alone: no clock, no Math.random, nothing kept outside the state.`,
  )
}

async function simulatorFor({ settings, schedule, interrupts }: RunContext): Promise<Simulator> {
  const plan = runPlanOf(settings, schedule)
  const { protocol, reference } = settings
  if (isUserFile(reference)) {
    const { simulatorApart } = await import('./simulate-apart.ts')
    return simulatorApart(reference, plan, interrupts)
  }
  return {
    simulate: () => simulate(protocol, plan, { interrupted: interrupts.interrupted, watched: false }),
    end: async () => {},
  }
}
