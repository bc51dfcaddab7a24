import {
  type Accounted,
  type Counterexample,
  findModel,
  type OperationRow,
  type Report,
  UNKNOWN_START,
} from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import { canonical, elementsOf, FAIL, type History, outputOf } from '@chaosproxy/history'
import { type FaultSpan, levelsNotOfModel } from '@chaosproxy/runner/result'
import { doubleHolding, unreleasedBefore } from '../holdings.ts'
import { leaseSentence } from '../lease-words.ts'
import { onlyAdds } from '../losses/counter.ts'
import { isImpossibleAlone } from '../losses/replaced.ts'
import {
  answeredText,
  isFinal,
  isOk,
  isRead,
  isSameClient,
  isTaking,
  keyOf,
  nodeOf,
  rowsOf,
  spendsFrom,
  wasBefore,
  writtenText,
} from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import type { SharedDatabase } from '../race/database.ts'
import { endOf } from '../sheets/final-states.ts'
import { changesAround, rowsWhere } from '../sheets/sheet.ts'
import type { NearFault } from './near-faults.ts'
import { showsTooMuch } from './shows-too-much.ts'
import type { Wire } from './wire.ts'

interface CauseInput {
  readonly report: Report<string>
  readonly history: History
  readonly counterexample: Counterexample
  readonly near: readonly NearFault[]
  readonly spans?: readonly FaultSpan[] | undefined
  /** The clock fault that may have ended a lease early. */
  readonly leaseClock?: FaultSpan | undefined
  readonly backend?: Report<string> | undefined
  /** The race in a simulated program: the await during which another request ran. */
  readonly race?: Race | undefined
  readonly wire?: Wire | undefined
  /** The database in which all nodes keep their data, if they share one. */
  readonly database?: SharedDatabase | undefined
}

interface KnownCause {
  readonly cause: string
  readonly remedy: string
}

/** A usual cause of violations, recognised from the record. */
interface Cause extends KnownCause {
  /** Whether `cause` only restates the violation that was seen. */
  readonly isSeen?: true
  /** Whether the cause needs nodes with their own copies. */
  readonly isOfCopies?: true
  readonly fits: (input: CauseInput) => boolean
}

/** Remedies for stale answers end with this sentence. */
const OLD_IS_FINE = 'If old answers are fine, expect sequential or eventual.'

const KEPT_IN_FAILOVERS =
  'Acknowledge only what a majority (or every replica that may take over) has on its disk; fence the old primary before another takes over.'

/** The usual causes, most specific first. */
const causes: readonly Cause[] = [
  {
    cause: 'The client got other answers than the nodes gave: the answers of the nodes meet the level.',
    isSeen: true,
    remedy: 'Look at what stands between clients and nodes: a proxy, a cache, a driver that retries.',
    fits: ({ backend, counterexample }) => backend?.levels[counterexample.level]?.result === 'met',
  },
  {
    cause: 'A watch did not show every change once and in order.',
    isSeen: true,
    remedy:
      'Resume a watch from the revision after the last change that it showed. Where the store has forgotten that revision, end the watch, so that its client lists everything again.',
    fits: ({ report }) => report.model === 'watch',
  },
  {
    cause: 'A partition of a stream did not give every consumer the same messages in the same order.',
    isSeen: true,
    remedy:
      'Let one node decide the order of a partition, and let only that node give out offsets. Acknowledge a message only when no failure can take it away, and hand out only such messages.',
    fits: ({ report }) => report.model === 'stream',
  },
  {
    cause: 'A queue forgot a message, a lease or an acknowledgement.',
    isSeen: true,
    remedy:
      'Confirm a message, a lease or an acknowledgement only when no failure can take it away. Let consumers remember the ids of the messages that they have handled: a message that is not acknowledged in time is handed out again.',
    fits: ({ report }) => report.model === 'work-queue',
  },
  {
    cause: 'A value was read whose write was reported as failed.',
    isSeen: true,
    remedy:
      'Report a failure only where the write certainly had no effect; after a timeout or a lost connection, say that the outcome is unknown.',
    fits: ({ history, counterexample }) => readsFailedWrite(history, counterexample),
  },
  {
    cause: 'The copies did not converge.',
    isSeen: true,
    remedy:
      'Settle conflicts by the same rule on every copy, also between writes with one timestamp. Resend what a copy may have missed, and compare the copies once links are healed.',
    fits: disagreeInTheEnd,
  },
  {
    cause: 'A lock had expired, and its holder did not know.',
    remedy:
      'A holder that is paused, slow or cut off cannot notice in time that its lock ends, and a wrong clock can end a lock early: give every grant an increasing token, and let the protected resource refuse lower ones. Renewing the lock only makes this rarer.',
    fits: ({ history, counterexample, leaseClock }) =>
      leaseClock !== undefined || leaseSentence(history, counterexample) !== '',
  },
  {
    cause: 'A node trusted what a damaged disk returned.',
    remedy:
      'Keep a checksum of what is stored, and check it at every read. Refuse data that fails the check, and fetch it from another copy.',
    fits: ({ near }) => near.some(({ kind }) => kind === 'flip-bit'),
  },
  {
    cause: 'A node that was killed came back without a write that it had acknowledged.',
    remedy:
      'Write to the disk before acknowledging, with fsync where power may fail: what is only in memory is gone with the process.',
    fits: ({ near }) => near.some(({ isForgetting }) => isForgetting),
  },
  {
    cause: 'A change was computed from an old value, and undid another one.',
    remedy: 'Change the value in one step, such as an atomic increment, or lock it from the read to the write.',
    fits: (input) =>
      input.history.nodes.length === 1 &&
      isOfOneNode(input) &&
      hasSeenSeveral(input) &&
      ((input.report.model === 'bank' && input.counterexample.balance?.overdrawn === undefined) ||
        countedWrongly(input, isTooLittle)),
  },
  {
    cause: 'A request waited, and then made a change computed from an old value.',
    remedy: 'Compare versions before the change, or read and change in one step.',
    fits: (input) => hasOldValue(input) && input.race !== undefined && input.race.overtaken.request.f !== 'read',
  },
  {
    cause: 'A read fetched a value, waited, and stored it after it had changed.',
    remedy: 'Compare versions before you fill the cache, and store no value that has changed since it was read.',
    fits: (input) => hasOldValue(input) && input.race?.overtaken.request.f === 'read',
  },
  {
    cause: 'A value was read that nobody had written.',
    isSeen: true,
    remedy:
      'Look for something that is read while parts of it are being written, such as a file: write a new one elsewhere, and replace the old one in one step.',
    fits: (input) =>
      isOfOneNode(input) && readsUnwritten(input) && !readsFailedWrite(input.history, input.counterexample),
  },
  {
    cause: 'An old value was kept or restored on the only node.',
    remedy:
      'Look for a cache that a write does not clear, or that a slow reader fills after the write. Look also for a change that was computed from an old read. Clear or compare the cached value, or read and change in one step.',
    fits: (input) => hasOldValue(input) && input.history.nodes.length === 1 && input.race === undefined,
  },
  {
    cause: 'Two requests had read the same state, and both changed it.',
    remedy: 'Read and change in one step (an atomic statement, a lock, a transaction), without waiting in between.',
    fits: ({ race }) => race !== undefined && race.overtaken.request.f !== 'read',
  },
  {
    cause: 'A node took over without a write that had been acknowledged.',
    remedy: KEPT_IN_FAILOVERS,
    fits: ({ near }) => near.some(({ isTakeover }) => isTakeover),
  },
  {
    cause: 'A lock was given again while it was held.',
    isSeen: true,
    remedy:
      'The holder of a lock that expires may not notice that it has expired: give every grant an increasing token, and let the protected resource refuse lower ones. If the lock does not expire, let one node, or a majority, decide who holds it, and keep that decision on disk.',
    fits: ({ history, counterexample }) =>
      doubleHolding(history, counterexample) !== undefined || unreleasedBefore(history, counterexample) !== undefined,
  },
  {
    cause: 'A node answered with an old value, although all nodes share one database.',
    isSeen: true,
    remedy:
      'Look for what a node keeps in memory, such as a cache, and for a change that was computed from an old read: read and change in one statement, or lock what is read.',
    fits: (input) => input.database !== undefined && isOfOldCopy(input),
  },
  {
    cause: 'At the last read, a copy still lacked a write that had been acknowledged.',
    isOfCopies: true,
    remedy:
      'Let a write wait for W copies and a read ask R of the N copies, with R + W > N. Let a copy that missed writes catch up before it answers.',
    fits: isOfOneOldCopy,
  },
  {
    cause: 'A write that was acknowledged is gone.',
    isSeen: true,
    remedy: KEPT_IN_FAILOVERS,
    fits: (input) => {
      const { lost, accounting } = input.report
      const gone = [...lost, ...(accounting?.excuse === undefined ? (accounting?.lost ?? []) : [])]
      // Whether the lost change was acknowledged to its client, and not only seen by a read.
      return (
        gone.some((each) => isOk(input.history, each.operation) && !isRead(input.history, each.operation)) &&
        !isOfOneOldCopy(input)
      )
    },
  },
  {
    cause: 'Nodes were stopped, and additions that had been acknowledged are gone.',
    isSeen: true,
    remedy: KEPT_IN_FAILOVERS,
    fits: (input) =>
      isOfTheEnd(input) &&
      !disagreeInTheEnd(input) &&
      countedWrongly(input, isTooLittle) &&
      input.spans?.some(hasStoppedNodes) === true,
  },
  {
    cause: 'Nodes replaced each other’s sums, and additions were lost.',
    isOfCopies: true,
    remedy:
      'Keep one sum for each node and add up these sums to read, or let one node make every addition: a node that copies another’s sum loses its own additions.',
    fits: (input) =>
      input.history.nodes.length > 1 &&
      input.counterexample.culprit !== undefined &&
      isFinal(input.history, input.counterexample.culprit) &&
      countedWrongly(input, isTooLittle),
  },
  {
    cause: 'A dequeue found nothing, although a message had been acknowledged before.',
    isSeen: true,
    remedy:
      'Acknowledge a message only after every node that can answer a dequeue has stored it on disk. If a message may come out late, require only eventual (--expect eventual), and drain the queue at the end of the record.',
    fits: ({ report: { accounting }, history, counterexample: { culprit } }) =>
      accounting?.excuse === 'inside' &&
      culprit !== undefined &&
      isTaking(history, culprit) &&
      outputOf(history, culprit) === null,
  },
  {
    cause: 'A message was handed out again.',
    isSeen: true,
    remedy:
      'A message whose acknowledgement is lost is handed out again: let consumers remember the ids of what they have handled. If messages may come again and in another order, require only eventual (--expect eventual).',
    fits: ({ report: { model, accounting } }) => model === 'queue' && (accounting?.duplicated.length ?? 0) > 0,
  },
  {
    cause: 'An id was given out again.',
    isSeen: true,
    remedy:
      'Give each node a range or prefix of its own, and store the last id before it is given out. After a restart, a failover or a wrong clock, go on from the stored id.',
    fits: ({ report: { model, accounting } }) => model === 'unique-ids' && (accounting?.duplicated.length ?? 0) > 0,
  },
  {
    cause: 'An operation took effect twice.',
    remedy:
      'A driver, a proxy or the application may repeat a request that got no answer: give requests an idempotency key that is stored together with their effect.',
    fits: (input) =>
      (input.report.model !== 'unique-ids' && (input.report.accounting?.duplicated.length ?? 0) > 0) ||
      countedWrongly(input, isTooMuch),
  },
  {
    cause: 'Two payments overdrew an account because neither saw the other.',
    remedy:
      'Let one node, or a majority, decide what leaves an account: check the balance and take the money in one step.',
    fits: ({ history, counterexample: { balance } }) =>
      balance?.overdrawn !== undefined && paymentsFrom(history, balance.overdrawn.account) > 1,
  },
  {
    cause: 'A client did not see its own write.',
    isSeen: true,
    remedy:
      'The client reads from another copy than it writes to: keep a session at one replica, or let reads wait for the position of the last write.',
    fits: ({ history, counterexample }) => knewBetter(history, counterexample, 'wrote it'),
  },
  {
    cause: 'A client saw something new and then something older.',
    isSeen: true,
    remedy: "The client's reads moved from one replica or cache to one that is behind: keep a session at one replica.",
    fits: ({ history, counterexample }) => knewBetter(history, counterexample, 'saw it'),
  },
  {
    cause: 'A node that had just come back answered before it had caught up.',
    isOfCopies: true,
    remedy:
      'Let a node that was down or paused catch up with a majority (or the primary) before the node answers reads, and treat every lease that it held before as expired.',
    fits: (input) =>
      isBehind(input) && input.near.some((fault) => hasComeBack(input.history, input.counterexample, fault)),
  },
  {
    cause: 'A sum lacked additions that other nodes had acknowledged.',
    isOfCopies: true,
    remedy:
      'Let one node make every addition and answer reads, or read from all nodes that add. If a sum may lag, expect eventual.',
    fits: (input) => isStaleRead(input) && countedWrongly(input, isTooLittle),
  },
  {
    cause: 'A node answered from a copy that it had taken before the change.',
    remedy: `Read from the server that has the data, or delete the cached copies on all nodes before a write is acknowledged. ${OLD_IS_FINE}`,
    fits: ({ wire }) => wire?.unasked !== undefined,
  },
  {
    cause: 'A node answered from its own copy while it was cut off from the others.',
    isOfCopies: true,
    remedy: `Answer only while the primary or a majority can be reached: a copy that is cut off refuses, and a leader first confirms that it still leads (a round of heartbeats, or a lease on a clock that is bounded). ${OLD_IS_FINE}`,
    fits: (input) =>
      isStaleRead(input) &&
      input.near.some(
        ({ kind, from, to }) => kind === 'partition' && isInForce(input.history, input.counterexample, from, to),
      ),
  },
  {
    cause: 'A node answered without a change that had reached it.',
    remedy: `Let a read wait until its node has applied what it received, or ask a majority. ${OLD_IS_FINE}`,
    fits: (input) => input.wire?.hasArrived === true && isStaleRead(input),
  },
  {
    cause: 'A read was answered by a copy that was behind.',
    isOfCopies: true,
    remedy: `Reads from replicas, caches and followers lag by the replication delay. Read where the write was made, or after waiting until the node has applied the last write (some databases have a setting for it). ${OLD_IS_FINE}`,
    fits: (input) => isBuiltIn(input) && isBehind(input),
  },
]

/** The cause if no other fits, for built-in models only. For other models, the remedy is unknown. */
const OTHERWISE: Cause = {
  cause: 'The operations overlapped, and no order of them explains the answers.',
  remedy:
    'Read and change in one step (compare-and-set, a transaction, an atomic command), so that nothing comes between.',
  fits: (input) => isBuiltIn(input) && haveOverlapped(input.history, input.counterexample),
}

/** Whether the names of operations have their usual meaning. */
function isBuiltIn({ report }: CauseInput): boolean {
  const entry = findModel(report.model)
  return entry !== undefined && entry.isOwn !== true
}

const MOST_CAUSES = 2

/** Returns at most two fitting causes, the most specific first. */
export function causesOf(input: CauseInput): readonly KnownCause[] {
  const { story } = input.counterexample
  if (story !== undefined) return [{ cause: story.cause, remedy: story.cure }]
  const explanation = input.database?.told
  if (explanation !== undefined) return [explanation]
  const precise = causes.filter((each) => fitsTo(input, each)).slice(0, MOST_CAUSES)
  const fitting = precise.length > 0 ? precise : [OTHERWISE].filter(({ fits }) => fits(input))
  const fine = fineWhere(input.report)
  return fitting.map(({ cause, remedy }) => ({ cause, remedy: remedy.replace(` ${OLD_IS_FINE}`, fine) }))
}

/** Returns a sentence that proposes a weaker level to users who accept old answers. */
function fineWhere(report: Report<string>): string {
  const { levels } = report
  if (levels['eventual']?.result === 'violated' || levelsNotOfModel(report).includes('eventual')) return ''
  return levels['sequential']?.result === 'met' ? ` ${OLD_IS_FINE}` : ' If old answers are fine, expect eventual.'
}

/** Returns the first fitting cause that names a mechanism, for a violation without a fault. */
export const likelyCause = (input: CauseInput): string | undefined =>
  causes.find((each) => each.isSeen !== true && fitsTo(input, each))?.cause

const fitsTo = (input: CauseInput, { isOfCopies, fits }: Cause): boolean =>
  (isOfCopies !== true || input.database === undefined) && fits(input)

const hasStoppedNodes = ({ kind, hits }: FaultSpan): boolean => kind !== 'pause' && stopsNodes(kind) && hits !== 0

/** Returns the number of payments out of an account that may have been made. */
const paymentsFrom = (history: History, account: string): number =>
  rowsWhere(history, (row) => history.operations.outcome[row] !== FAIL && spendsFrom(history, row) === account).length

/**
 * Whether a single node that was never down returned an old value or lost a write. The messages of a queue do not count
 * as old values.
 */
const hasOldValue = (input: CauseInput): boolean =>
  !readsUnwritten(input) &&
  ((input.report.lost.length > 0 && !['queue', 'bag'].includes(input.report.model)) || isOldValueOfOneNode(input)) &&
  isOfOneNode(input)

/** Whether at most one node is known, and no relevant fault stopped nodes. */
const isOfOneNode = ({ history, near }: CauseInput): boolean =>
  history.nodes.length <= 1 && !near.some(({ kind }) => stopsNodes(kind))

/**
 * Whether the violation is a read of a counter with a wrong value. `how` tests whether the value is too low or too
 * high. False if the history has subtractions, because a lost subtraction looks like a repeated addition.
 */
const countedWrongly = ({ report, history, counterexample }: CauseInput, how: (read: Accounted) => boolean): boolean =>
  report.model === 'counter' &&
  onlyAdds(history) &&
  report.accounting?.unexpected.some((read) => read.operation === counterexample.culprit && how(read)) === true

const isTooLittle = ({ value, bounds }: Accounted): boolean =>
  bounds !== undefined && (value === null ? 0 < bounds[0] : typeof value === 'number' && value < bounds[0])

const isTooMuch = ({ value, bounds }: Accounted): boolean =>
  bounds !== undefined && typeof value === 'number' && value > bounds[1]

function haveOverlapped(history: History, counterexample: Counterexample): boolean {
  const rows = rowsOf(counterexample)
  const isOver = (row: number, other: number): boolean => wasBefore(history, row, other)
  return rows.some((row, i) => rows.slice(i + 1).some((other) => !isOver(row, other) && !isOver(other, row)))
}

function disagreeInTheEnd({ report, history }: CauseInput): boolean {
  const verdict = report.levels['eventual']
  if (verdict?.result !== 'violated') return false
  const finals = rowsOf(verdict.counterexample).filter((row) => isFinal(history, row) && isRead(history, row))
  return new Set(finals.map((row) => answeredText(history, row))).size > 1
}

const calledAt = ({ operations }: History, { culprit }: Counterexample): number =>
  culprit === undefined ? Number.NaN : (operations.callTime[culprit] ?? Number.NaN)

function isInForce(history: History, counterexample: Counterexample, from: number, to: number): boolean {
  const at = calledAt(history, counterexample)
  return from <= at && at <= to
}

/**
 * Whether the fault stopped the node of the culprit (see `Counterexample.culprit`), and had ended when the culprit was
 * called.
 */
function hasComeBack(history: History, counterexample: Counterexample, { kind, nodes, to }: NearFault): boolean {
  const node = counterexample.culprit === undefined ? undefined : nodeOf(history, counterexample.culprit)
  if (node === undefined || !nodes.includes(node) || to > calledAt(history, counterexample)) return false
  return stopsNodes(kind)
}

/**
 * Whether the culprit is a final read that a stale copy may have answered, and at most half of the nodes answered final
 * reads of its key.
 */
function isOfOneOldCopy(input: CauseInput): boolean {
  const { history, counterexample } = input
  if (input.report.model !== 'register' || !isOfTheEnd(input) || !isOfOldCopy(input)) return false
  const end = endOf(history, counterexample.culprit === undefined ? undefined : keyOf(history, counterexample.culprit))
  return end !== undefined && 2 * end.reads.size <= history.nodes.length
}

const isOfTheEnd = ({ history, counterexample: { culprit } }: CauseInput): boolean =>
  culprit !== undefined && isFinal(history, culprit)

/** Whether the culprit is a read that a stale copy may have answered, and the copies agree at the end. */
function isBehind(input: CauseInput): boolean {
  return isOfOldCopy(input) && !disagreeInTheEnd(input)
}

/**
 * Whether the read that violates the level may have come from a stale copy. False for reads after all clients have
 * ended.
 */
function isStaleRead(input: CauseInput): boolean {
  return isOfOldCopy(input) && !isOfTheEnd(input)
}

/** Whether the culprit is a read that a stale copy may have answered. */
function isOfOldCopy(input: CauseInput): boolean {
  const { history, counterexample, report } = input
  const { culprit } = counterexample
  if (culprit === undefined || !isRead(history, culprit)) return false
  // A stale copy has only earlier values: no sum above that of all additions, and no value that nobody wrote.
  if (countedWrongly(input, isTooMuch)) return false
  if (readsFailedWrite(history, counterexample) || showsUnadded(report, history, culprit)) return false
  if (readsUnwritten(input)) return false
  // Every state of a bank has the same total, and no negative balance. A stale copy can therefore not show another
  // total or a negative balance.
  if (counterexample.balance !== undefined || showsTooMuch(report, history, culprit)) return false
  const writes = rowsOf(counterexample).filter((row) => !isRead(history, row))
  const node = nodeOf(history, culprit)
  if (writes.length === 0) return report.model === 'counter'
  return node === undefined || writes.some((row) => nodeOf(history, row) !== node)
}

/** Whether a read shows an element that nobody had added, or an element that was seen more often than it was added. */
function showsUnadded({ accounting }: Report<string>, history: History, read: OperationRow): boolean {
  const shown = new Set(elementsOf(outputOf(history, read))?.map((each) => canonical(each)))
  return (
    accounting?.okAre === 'seen' &&
    [...accounting.unexpected, ...accounting.duplicated].some(({ value }) => shown.has(canonical(value)))
  )
}

/** Whether the culprit may have seen several changes, one of which undid another. True if the culprit is not a read. */
function hasSeenSeveral({ report, history, counterexample: { culprit } }: CauseInput): boolean {
  if (culprit === undefined || !isRead(history, culprit)) return true
  const { before, open } = changesAround(history, culprit)
  return before.length + open.length > 1 && !showsTooMuch(report, history, culprit)
}

/** Whether the culprit is a read of a register with a single node, so that no stale copy explains it. */
const isOldValueOfOneNode = ({ report, history, counterexample: { culprit } }: CauseInput): boolean =>
  report.model === 'register' &&
  history.nodes.length === 1 &&
  culprit !== undefined &&
  isRead(history, culprit) &&
  !showsTooMuch(report, history, culprit)

/** Whether the client that read an old value had written or read a newer value. */
function knewBetter(history: History, { culprit }: Counterexample, by: 'wrote it' | 'saw it'): boolean {
  if (culprit === undefined || !isRead(history, culprit)) return false
  const { key } = history.operations
  const writes = onlyWritesOf(history, culprit)
  const seenBy = (row: number): number | undefined => writes.get(answeredText(history, row))
  const old = seenBy(culprit)
  const showsNewer = (row: OperationRow): boolean => {
    const newer = by === 'wrote it' ? row : seenBy(row)
    return newer !== undefined && old !== undefined && wasBefore(history, old, newer)
  }
  const known = rowsWhere(
    history,
    (row) =>
      key[row] === key[culprit] &&
      isOk(history, row) &&
      wasBefore(history, row, culprit) &&
      isSameClient(history, row, culprit) &&
      isRead(history, row) === (by === 'saw it'),
  )
  return known.some(showsNewer)
}

/**
 * Maps each value to the only write of this value to the operation's key. A value that was written several times maps
 * to undefined, because its age is unknown.
 */
function onlyWritesOf(history: History, operation: number): ReadonlyMap<string | undefined, number | undefined> {
  const { length, key } = history.operations
  const writes = new Map<string | undefined, number | undefined>()
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[operation] || isRead(history, row)) continue
    const text = writtenText(history, row)
    writes.set(text, writes.has(text) ? undefined : row)
  }
  return writes
}

/**
 * Whether the culprit is a read of a register that returned neither the initial value nor a value written before the
 * read ended.
 */
function readsUnwritten({ report, history, counterexample: { culprit } }: CauseInput): boolean {
  if (report.model !== 'register' || culprit === undefined || !isRead(history, culprit)) return false
  const initial = history.header?.initial ?? null
  const isOpen = initial === UNKNOWN_START || history.functions.includes('append')
  if (isOpen && !isImpossibleAlone(report, culprit)) return false
  const text = answeredText(history, culprit)
  const { before, open } = changesAround(history, culprit)
  return (
    !['null', JSON.stringify(initial)].includes(text) &&
    ![...before, ...open].some((row) => writtenText(history, row) === text)
  )
}

function readsFailedWrite(history: History, counterexample: Counterexample): boolean {
  const rows = rowsOf(counterexample)
  const read = new Set(rows.filter((row) => isRead(history, row)).map((row) => answeredText(history, row)))
  return rows.some(
    (row) => !isRead(history, row) && history.operations.outcome[row] === FAIL && read.has(writtenText(history, row)),
  )
}
