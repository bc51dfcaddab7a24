import type { Reason } from '@chaosproxy/checker'
import { type History, isAnswered, moment, type Nanos } from '@chaosproxy/history'
import { mayStopUnder } from '@chaosproxy/protocols'
import type { Played, Scenario } from '@chaosproxy/runner'
import { commonestErrors, type Workload } from '@chaosproxy/workloads'
import { NO_LEVEL, type SearchedProtocol } from './subject.ts'

export interface Unrecovered {
  readonly kind: 'unrecovered'
  readonly what: string
  /** `healedAt` is counted from the start of the scenario, and `waited` from `healedAt`. */
  readonly healedAt: Nanos
  readonly waited: Nanos
}

/** Why it is not known whether the protocol recovers: its answers were not understood. */
export type Misread = Reason & { readonly kind: 'record' }

/**
 * Returns a failure if the protocol answered before all faults were healed, but not afterwards. A protocol that never
 * answers shows nothing about recovery; a search reports it for all trials together.
 */
export function unrecovered(
  { level, protocol, workload }: Pick<SearchedProtocol, 'level' | 'protocol' | 'workload'>,
  { targetSettings }: Pick<Scenario, 'targetSettings'>,
  history: History,
  played: Played | undefined,
): Unrecovered | Misread | undefined {
  if (level === NO_LEVEL || played?.recovery.type !== 'unanswered') return undefined
  const { healedAt, recovery, faults } = played
  const spared: readonly string[] = mayStopUnder(protocol, targetSettings)
  if (faults.some(({ fault }) => spared.includes(fault.kind))) return undefined
  const last = lastAnswer(history, healedAt, workload)
  if (last === undefined) return undefined
  const { waited } = recovery
  const errors = errorsSince(history, healedAt)
  if (recovery.misread) return { kind: 'record', text: `no answer was understood after everything was healed${errors}` }
  const what = `Nothing was answered in the ${moment(waited)} after everything was healed at ${moment(healedAt)}; the last answer came at ${moment(last)}${errors}`
  return { kind: 'unrecovered', what, healedAt, waited }
}

const errorsSince = (history: History, time: Nanos): string =>
  commonestErrors(history, (row) => (history.operations.callTime[row] ?? 0) >= time)

/**
 * Returns the time of the last answer that counts. The answers of a function count if clients called the function after
 * healing, and the function is a read or was also called before healing. If no function meets both conditions, every
 * answer counts. This is the case, for example, if clients only drained queues after healing.
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
