import { type Millis, millis } from '@chaos/history'
import { type KnobValue, type ProtocolDefinition, protocols } from '@chaos/protocols'
import {
  type Strategy,
  type Subject,
  searchSeeds,
  strategies,
  type TrialLimits,
  usualStrategies,
} from '@chaos/simulator'

// How long a search takes to find each mistake, on one core: by histories alone, and with invariants, with all strategies
// in turn. CHAOS_FIND=full takes 20 starting seeds (5 minutes), CHAOS_FIND=strategies each strategy alone (10 minutes);
// CHAOS_FIND=raft, or part of a mistake's name, takes those whose name contains it.

export const name: string = 'find'

const asked = process.env['CHAOS_FIND'] ?? ''
const alone = asked === 'strategies'
const all = alone || asked === 'full'
const STARTS = asked === 'full' ? 20 : 5
const CAP_MS = asked === 'full' ? 20_000 : alone ? 1_000 : 2_000
/** Beyond it a row is left as it is: what is hardly ever found would take all the time. */
const MOST_MISSES = 3
/** As many as a thread is given at once by chaos fuzz: what coverage learns ends with them. */
const AT_ONCE = 64
const BETWEEN_STARTS = 1_000_000

/** What each target is asked to keep, where that is not what it promises with its knobs as they are. */
const setups: { readonly [name: string]: Pick<Subject, 'level' | 'knobs'> } = {
  'primary-replica': { level: 'linearizable', knobs: { sync: 2, reads: 'primary' } },
  'primary-replica ack-before-replicate': { level: 'linearizable', knobs: { sync: 'all', reads: 'primary' } },
}

/** Of this process's own work: what else the machine does costs wall time, not this. */
const now = (): Millis => {
  const { user, system } = process.cpuUsage()
  return millis((user + system) / 1_000)
}

export async function run(print: (line: string) => void): Promise<void> {
  const columns: readonly (readonly [string, readonly Strategy[]])[] = [
    ['all in turn', usualStrategies],
    ...(alone ? strategies.map((strategy) => [strategy.name, [strategy]] as const) : []),
  ]
  const cell = (text: string) => text.padEnd(28)
  print(`${STARTS} starting seeds, at most ${CAP_MS / 1000} s of one core each: median/worst in ms of it (missed)`)
  print(`${''.padEnd(44)}${columns.map(([title]) => cell(`${title}: history | invariants`)).join('')}`)
  for (const protocol of protocols)
    for (const { name: bug } of protocol.bugs) {
      if (!all && !`${protocol.name} ${bug}`.includes(asked)) continue
      const cells = columns.map(([, chosen]) => {
        const subject = subjectOf(protocol, bug)
        return cell([false, true].map((invariants) => timesText(searches(subject, chosen, invariants))).join(' | '))
      })
      print(`${`${protocol.name} ${bug}`.padEnd(44)}${cells.join('')}`)
    }
}

function subjectOf(protocol: ProtocolDefinition, bug: string): Subject {
  const { promises } = protocol
  const knobs: { readonly [name: string]: KnobValue } = {}
  const level = promises === 'none' ? 'linearizable' : promises
  const setup = setups[`${protocol.name} ${bug}`] ?? setups[protocol.name]
  return { target: protocol.name, protocol, bug, level, knobs, nodes: undefined, operations: 60, ...setup }
}

/** The time each search took; undefined where it ran out of it. */
function searches(subject: Subject, chosen: readonly Strategy[], invariants: boolean): (number | undefined)[] {
  const limits: TrialLimits = { checkMs: millis(2_000), memoryBytes: 2 ** 28, now, invariants }
  const times: (number | undefined)[] = []
  for (let start = 1; times.length < STARTS; start += BETWEEN_STARTS) {
    times.push(timeToFind(subject, chosen, start, limits))
    if (times.filter((time) => time === undefined).length === MOST_MISSES) break
  }
  return times
}

function timeToFind(
  subject: Subject,
  chosen: readonly Strategy[],
  start: number,
  limits: TrialLimits,
): number | undefined {
  const startedAt = now()
  for (let first = start; now() - startedAt < CAP_MS; first += AT_ONCE) {
    const search = { first, count: AT_ONCE, strategies: chosen, limits, stopAtFirst: true, verifyDeterminism: false }
    if (searchSeeds(subject, search).findings.length > 0) return now() - startedAt
  }
  return undefined
}

function timesText(times: readonly (number | undefined)[]): string {
  const sorted = times.map((time) => time ?? Number.POSITIVE_INFINITY).sort((one, other) => one - other)
  const text = (time: number | undefined) => (time === undefined || time === Infinity ? '–' : time.toFixed(0))
  const missed = times.filter((time) => time === undefined).length
  return `${text(sorted[Math.floor(sorted.length / 2)])}/${text(sorted.at(-1))}${missed > 0 ? ` (${missed} of ${times.length})` : ''}`
}
