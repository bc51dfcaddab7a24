import { type Millis, millis } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import {
  guide,
  type SearchedProtocol,
  type SeedFailure,
  type Strategy,
  searchSeeds,
  strategies,
  type TrialLimits,
  usualStrategies,
} from '@chaosproxy/simulator'
import { subjectWith } from './bug-subjects.ts'

// Measures how long a search takes to find each bug on one core, with all strategies in turn: by histories alone, and
// with invariants. CHAOS_FIND=full takes 20 starting seeds (10 minutes). CHAOS_FIND=strategies tries each strategy
// alone (10 minutes). CHAOS_FIND=guided measures the time until clients see a broken invariant (2 minutes). A part of a
// bug's name, after the mode or alone, selects the bugs that contain it: CHAOS_FIND=full:forget, CHAOS_FIND=primary.

export const name: string = 'find'

const MODES = ['full', 'strategies', 'guided'] as const
const asked = process.env['CHAOS_FIND'] ?? ''
const mode = MODES.find((name) => asked.split(':')[0] === name)
const part = mode === undefined ? asked : (asked.split(':')[1] ?? '')
const STARTS = mode === 'full' || mode === 'guided' ? 20 : 5
const CAP_MS = { full: 20_000, strategies: 1_000, guided: 30_000, some: 2_000 }[mode ?? 'some']
/**
 * After this many misses, the rest of the bug's row is skipped. Otherwise, bugs that are rarely found would take all
 * the time.
 */
const MOST_MISSES = 3
/**
 * The number of seeds that chaos fuzz gives to a thread at once. Coverage is not kept from one such batch to the next.
 */
const AT_ONCE = 64
const BETWEEN_STARTS = 1_000_000

/** Returns the CPU time of this process, which does not depend on other load on the machine. */
const now = (): Millis => {
  const { user, system } = process.cpuUsage()
  return millis((user + system) / 1_000)
}

export async function run(print: (line: string) => void): Promise<void> {
  const columns: readonly Column[] = mode === 'guided' ? [['guided', guidedTimes]] : searchColumns()
  const cell = (text: string) => `${text.padEnd(36)} `
  print(`${STARTS} starting seeds, at most ${CAP_MS / 1000} s of one core each: median/worst in ms of it (missed)`)
  print(`${''.padEnd(44)}${columns.map(([title]) => cell(title)).join('')}`)
  for (const protocol of protocols)
    for (const { name: bug } of protocol.bugs) {
      if (!`${protocol.name} ${bug}`.includes(part)) continue
      const subject = subjectWith(protocol, bug)
      print(`${`${protocol.name} ${bug}`.padEnd(44)}${columns.map(([, times]) => cell(times(subject))).join('')}`)
    }
}

/** A column of the table: its title, and a function that returns a bug's cell. */
type Column = readonly [title: string, times: (subject: SearchedProtocol) => string]

const searchColumns = (): Column[] =>
  [
    { name: 'all in turn', chosen: usualStrategies },
    ...(mode === 'strategies' ? strategies.map((strategy) => ({ name: strategy.name, chosen: [strategy] })) : []),
  ].map(({ name, chosen }) => [
    `${name}: history | invariants`,
    (subject) => [false, true].map((invariants) => timesText(searches(subject, chosen, invariants))).join(' | '),
  ])

/** Returns the time that each search took to find the bug; undefined if it found nothing within `CAP_MS`. */
function searches(subject: SearchedProtocol, chosen: readonly Strategy[], invariants: boolean): (number | undefined)[] {
  const limits: TrialLimits = { memoryBytes: 2 ** 28, now, invariants }
  const times: (number | undefined)[] = []
  for (let start = 1; times.length < STARTS; start += BETWEEN_STARTS) {
    times.push(timeToFind(subject, chosen, start, limits))
    if (times.filter((time) => time === undefined).length === MOST_MISSES) break
  }
  return times
}

function timeToFind(
  subject: SearchedProtocol,
  chosen: readonly Strategy[],
  start: number,
  limits: TrialLimits,
): number | undefined {
  const startedAt = now()
  return findFirst(subject, chosen, start, limits) === undefined ? undefined : now() - startedAt
}

function findFirst(
  subject: SearchedProtocol,
  chosen: readonly Strategy[],
  start: number,
  limits: TrialLimits,
): SeedFailure | undefined {
  const startedAt = now()
  for (let first = start; now() - startedAt < CAP_MS; first += AT_ONCE) {
    const search = { first, count: AT_ONCE, strategies: chosen, limits, stopAtFirst: true, verifyDeterminism: false }
    const [finding] = searchSeeds(subject, search).findings
    if (finding !== undefined) return finding
  }
  return undefined
}

/**
 * Returns the times until a client sees a violation. If only an invariant is broken, `guide` continues the search from
 * there.
 */
function guidedTimes(subject: SearchedProtocol): string {
  const limits: TrialLimits = { memoryBytes: 2 ** 28, now, invariants: true }
  const times: (number | undefined)[] = []
  for (let start = 1; times.length < STARTS; start += BETWEEN_STARTS) {
    const startedAt = now()
    const finding = findFirst(subject, usualStrategies, start, limits)
    const budgetMs = millis(CAP_MS - (now() - startedAt))
    const seen =
      finding?.failure.kind === 'invariant'
        ? guide(subject, finding, { strategies: usualStrategies, limits, budgetMs })
        : finding
    times.push(seen === undefined ? undefined : now() - startedAt)
    if (times.filter((time) => time === undefined).length === MOST_MISSES) break
  }
  return timesText(times)
}

function timesText(times: readonly (number | undefined)[]): string {
  const sorted = times.map((time) => time ?? Number.POSITIVE_INFINITY).sort((one, other) => one - other)
  const text = (time: number | undefined) => (time === undefined || time === Infinity ? '–' : time.toFixed(0))
  const missed = times.filter((time) => time === undefined).length
  return `${text(sorted[Math.floor(sorted.length / 2)])}/${text(sorted.at(-1))}${missed > 0 ? ` (${missed} of ${times.length})` : ''}`
}
