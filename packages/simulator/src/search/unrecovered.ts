import { type History, isAnswered, moment, type Nanos } from '@chaosproxy/history'
import { mayStopUnder } from '@chaosproxy/protocols'
import type { Played, Scenario } from '@chaosproxy/runner'
import type { Workload } from '@chaosproxy/workloads'
import { NO_LEVEL, type SearchedProtocol } from './subject.ts'

/** After healing, no operation was answered, however long clients waited. */
export interface Unrecovered {
  readonly kind: 'unrecovered'
  readonly what: string
  /** When everything was healed, counted from the start of the scenario, and how long clients have waited since. */
  readonly healedAt: Nanos
  readonly waited: Nanos
}

/**
 * Whether the protocol answered before everything was healed, and never again. A protocol that never answered, or never
 * answered operations like those asked at the end, shows nothing about recovery; a search reports that for all trials
 * together.
 */
export function unrecovered(
  { level, protocol, workload }: Pick<SearchedProtocol, 'level' | 'protocol' | 'workload'>,
  { targetSettings }: Pick<Scenario, 'targetSettings'>,
  history: History,
  played: Played | undefined,
): Unrecovered | undefined {
  if (level === NO_LEVEL || played?.recovery.type !== 'unanswered') return undefined
  const { healedAt, recovery, faults } = played
  const spared: readonly string[] = mayStopUnder(protocol, targetSettings)
  if (faults.some(({ fault }) => spared.includes(fault.kind))) return undefined
  const last = lastAnswer(history, healedAt, workload)
  if (last === undefined) return undefined
  const { waited } = recovery
  const what = `Nothing was answered in the ${moment(waited)} after everything was healed at ${moment(healedAt)}; the last answer came at ${moment(last)}`
  return { kind: 'unrecovered', what, healedAt, waited }
}

/**
 * When an operation like those asked after healing was last answered. No operation is like a drain, for which any
 * answer counts.
 */
function lastAnswer(history: History, healedAt: Nanos, { reads }: Pick<Workload, 'reads'>): number | undefined {
  const { length, f, callTime, returnTime } = history.operations
  const [before, after] = [new Set<number>(), new Set<number>()]
  for (let row = 0; row < length; row++) ((callTime[row] ?? 0) < healedAt ? before : after).add(f[row] ?? -1)
  const alike = [...after].filter((name) => before.has(name) || reads.includes(history.functions[name] ?? ''))
  let last: number | undefined
  for (let row = 0; row < length; row++)
    if (isAnswered(history, row) && (alike.length === 0 || alike.includes(f[row] ?? -1)))
      last = Math.max(last ?? 0, returnTime[row] ?? 0)
  return last
}
