import { type CheckOptions, entryOf, type Need, type Semantics, unmetNeeds } from '@chaosproxy/checker'
import { faultName } from '@chaosproxy/faults'
import { duration, FLAG_FINAL, type History, INFO, OK } from '@chaosproxy/history'
import {
  commonestErrors,
  isOneOf,
  register,
  type Workload,
  withoutConcurrency,
  withoutNews,
  withoutSharedKey,
} from '@chaosproxy/workloads'
import type { RequestedFault } from '../plan/plan-run.ts'
import type { Recovery } from '../ports/run-outcome.ts'
import type { FaultRecord, Lack } from '../result/run-summary.ts'
import { leftOutReads } from './left-out-reads.ts'

export interface Doubt {
  readonly lacks: Lack
  readonly text: string
}

/** Returns the texts of `findDoubts`. */
export const findVacuity = (...given: Parameters<typeof findDoubts>): string[] =>
  findDoubts(...given).map(({ text }) => text)

/**
 * Returns why a run proves less than it seems to. A run without reads, without concurrency, or without an effective
 * fault meets every level and shows nothing.
 */
export function findDoubts(
  history: History,
  requested: readonly RequestedFault[],
  faults: readonly FaultRecord[],
  workload: Pick<Workload, 'vacuous' | 'races' | 'model' | 'initial'> = register,
  recovery?: Recovery,
): Doubt[] {
  if (history.operations.length === 0) return doubts('successes', ['no operation was made'])
  const found = [
    ...doubts('recovery', withoutRecovery(history, faults, recovery)),
    ...doubts('successes', withoutSuccesses(history, workload)),
    ...doubts('record', [...leftOutReads(history), ...refusedFinalReads(history)]),
    ...(isAccountedFor(history, faults) ? [] : doubts('concurrency', withoutConcurrency(history, workload))),
  ]
  for (const { name, kind, isUsual } of requested) {
    const ofKind = faults.filter((record) => record.fault.kind === kind)
    if (ofKind.length === 0) found.push({ lacks: 'faults', text: `no ${name} was injected` })
    else if (isIdle(ofKind)) {
      if (!isUsual) found.push({ lacks: 'faults', text: `no ${name} took effect` })
    } else if (!ofKind.some((record) => hasOperationDuring(record, history)))
      found.push({ lacks: 'faults', text: `no operation was under way during any ${name}` })
  }
  return [...new Map(found.map((doubt) => [doubt.text, doubt])).values()]
}

const isIdle = (faults: readonly FaultRecord[]): boolean => faults.every(({ hits }) => hits === 0)

/**
 * Returns a note for each of the target's default faults that took no effect. Such a note does not cast doubt on the
 * run, because the user did not request the fault.
 */
export const idleNotes = (requested: readonly RequestedFault[], faults: readonly FaultRecord[]): string[] =>
  requested.flatMap(({ name, kind, isUsual }) => {
    const ofKind = faults.filter((record) => record.fault.kind === kind)
    return isUsual && ofKind.length > 0 && isIdle(ofKind) ? [`no ${name} took effect: it found no message to hit`] : []
  })

export const doubts = (lacks: Lack, texts: readonly string[]): Doubt[] => texts.map((text) => ({ lacks, text }))

export function withoutSuccesses(
  history: History,
  workload: Pick<Workload, 'vacuous' | 'model' | 'initial'>,
): readonly string[] {
  const reasons = workload.vacuous(history)
  return reasons.length > 0 ? reasons : withoutObservation(history, workload)
}

/** Returns a sentence if no operation observed anything: any system would then meet every level. */
export function withoutObservation(history: History, workload: Pick<Workload, 'model' | 'initial'>): readonly string[] {
  const [observation] = entryOf(workload.model).needs
  const unmet = unmetNeeds(history, workload)
  return unmet.filter((need) => need === observation).map((need) => unmetText(history, need))
}

/**
 * Returns a doubt if nothing was answered after healing. A system that stops forever violates no level, but every
 * promise includes recovery.
 */
function withoutRecovery(history: History, faults: readonly FaultRecord[], recovery: Recovery | undefined): string[] {
  if (recovery?.type !== 'unanswered') return []
  const healed = Math.max(0, ...faults.map(({ to }) => to))
  const errors = commonestErrors(history, (row) => (history.operations.callTime[row] ?? 0) >= healed)
  const what = recovery.misread ? 'no answer was understood' : 'nothing was answered'
  return [`${what} after everything was healed, in ${duration(recovery.waited)}${errors}`]
}

/**
 * Returns a note if no operations were concurrent. The note casts no doubt on the run, because a run can show lost and
 * stale data without concurrency.
 */
export const notesOf = (
  history: History,
  faults: readonly FaultRecord[],
  workload: Pick<Workload, 'races'> = register,
): string[] =>
  history.operations.length > 0 && isAccountedFor(history, faults)
    ? withoutConcurrency(history, workload).map(
        (serial) => `${serial}, so no race was tried; --require concurrency insists on one`,
      )
    : []

/** Whether every operation of unknown outcome was open while some fault was in force. */
function isAccountedFor(history: History, faults: readonly FaultRecord[]): boolean {
  const { outcome, callTime, returnTime, returnEvent, length } = history.operations
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== INFO) continue
    const called = callTime[row] ?? 0
    const returned = returnEvent[row] === -1 ? Number.POSITIVE_INFINITY : (returnTime[row] ?? 0)
    if (!faults.some(({ from, to }) => from <= returned && called <= to)) return false
  }
  return true
}

/**
 * Returns what a history lacks to prove anything. A register history needs reads, writes (a cas counts as both), and
 * distinguishable writes. A history of any other model needs an observation: a result that could be wrong.
 */
export function missingSuccesses(
  history: History,
  judgedBy: Semantics & Pick<CheckOptions<string>, 'model'>,
): string[] {
  if (history.operations.length === 0) return ['no operation was made']
  const missing = unmetNeeds(history, judgedBy).map((need) => unmetText(history, need))
  const found = [...missing, ...leftOutReads(history)]
  return entryOf(judgedBy.model).name === 'register'
    ? [...found, ...withoutNews(history), ...withoutSharedKey(history)]
    : found
}

const unmetText = (history: History, { what, functions }: Need): string =>
  `no ${what} succeeded${commonestErrors(history, functions === undefined ? () => true : isOneOf(history, functions))}`

export function idleFaults(faults: readonly FaultRecord[]): string[] {
  const names = new Set(faults.map(({ fault }) => faultName(fault)))
  for (const { fault, hits } of faults) if (hits > 0) names.delete(faultName(fault))
  return [...names]
}

/**
 * Whether an operation was open at some time during the fault. An operation that was called before the fault can also
 * show the fault's effect.
 */
function hasOperationDuring({ from, to }: FaultRecord, { operations }: History): boolean {
  const { callTime, returnTime, returnEvent, length } = operations
  for (let row = 0; row < length && (callTime[row] ?? 0) <= to; row++) {
    if (returnEvent[row] === -1 || (returnTime[row] ?? 0) >= from) return true
  }
  return false
}

/** Matches the refusal of a server that does not know the client or denies it access. */
const REFUSED = /^status (401|403)\b/

export const isRefusal = (error: string): boolean => REFUSED.test(error)

/** Returns a complaint about keys whose final state is unknown because all final reads lacked credentials. */
function refusedFinalReads(history: History): string[] {
  const { key, flags, outcome, length } = history.operations
  const read = new Set<number>()
  const refused = new Map<number, string>()
  for (let row = 0; row < length; row++) {
    if (((flags[row] ?? 0) & FLAG_FINAL) === 0) continue
    if (outcome[row] === OK) read.add(key[row] ?? -1)
    const [, status] = outcome[row] === OK ? [] : (REFUSED.exec(history.errorOf(row) ?? '') ?? [])
    if (status !== undefined) refused.set(key[row] ?? -1, status)
  }
  for (const each of read) refused.delete(each)
  const [status] = refused.values()
  if (status === undefined) return []
  const keys = refused.size === 1 ? '1 key' : `${refused.size} keys`
  return [
    `the final reads of ${keys} were refused with status ${status}, since they carry none of the clients' credentials. Add the credentials to the route table: "sends": {"header.Authorization": "Bearer …"}`,
  ]
}
