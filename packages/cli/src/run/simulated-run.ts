import { type Event, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import type { RunOutcome } from '@chaos/runner'
import { digestOf } from '@chaos/simulator'
import { isProtocolFile } from '@chaos/targets'
import type { RunContext } from './context.ts'
import { headerOf, runPlanOf } from './plan.ts'
import { type Simulated, simulate } from './simulate.ts'

/** The same run in virtual time: a function of the settings alone, the same to the byte wherever it is repeated. */
export async function runSimulated(context: RunContext): Promise<RunOutcome> {
  const { settings, directory, progress } = context
  progress.update(`simulating ${settings.timeMs / 1000} s`)
  const { events, end } = await simulateOnce(context)
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  writer.appendAll(events)
  writer.close()
  if (settings.verifyDeterminism) await verifyDeterminism(context, events)
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

async function simulateOnce({ settings, schedule, interrupts }: RunContext): Promise<Simulated> {
  const plan = runPlanOf(settings, schedule)
  const { protocol, reference } = settings
  if (!isProtocolFile(reference)) return simulate(protocol, plan, interrupts.interrupted)
  const { simulateApart } = await import('./simulate-apart.ts')
  return simulateApart(reference, plan, interrupts)
}
