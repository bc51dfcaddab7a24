import {
  type Counterexample,
  type LostWrite,
  levels,
  type OperationRow,
  type OrderEdge,
  type Report,
} from '@chaosproxy/checker'
import { count, FAIL, type History, outputOf, plural } from '@chaosproxy/history'
import type { Claim } from '../claims/claim.ts'
import { disagreementOf } from '../disagreement.ts'
import { counterexampleOf, type Despite } from '../level-words.ts'
import {
  answeredText,
  callEventOf,
  clientOf,
  coreOf,
  isFinal,
  isOk,
  isRead,
  isSameClient,
  keyOf,
  missedText,
  nameText,
  nodeOf,
  ofKey,
  returnEventOf,
  valueText,
  writtenText,
} from '../operation-words.ts'
import { endOf, wrongOf } from '../sheets/final-states.ts'
import type { SheetInput } from '../sheets/sheet.ts'
import { grouped, listed, nonEmpty } from '../words.ts'
import { appendLoss } from './append.ts'
import type { FindLoss, Loss } from './loss.ts'
import { foundBy, isImpossibleAlone, replacementOf, rowsOfKey } from './replaced.ts'

/**
 * Functions that find losses in a register. Only the first loss found is reported, so writes that are gone at the end
 * come first.
 */
export const registerLosses: readonly FindLoss[] = [
  goneForGood,
  apartAtTheEnd,
  changedTwice,
  forgotten,
  effectWithoutCause,
  unseen,
  appendLoss,
  disagreement,
  olderThanKnown,
]

/**
 * Returns a lower bound on the number of lost writes. Every lost append counts. Of the other lost writes to a key, only
 * one counts, because overlapping writes may replace each other.
 */
const leastOf = (lost: readonly LostWrite[]): number =>
  lost.filter(({ isAppend }) => isAppend === true).length +
  new Set(lost.filter(({ isAppend }) => isAppend !== true).map(({ key }) => key)).size

function goneForGood({ history, report: { lost } }: SheetInput): Loss | undefined {
  const [first] = lost
  if (first === undefined) return undefined
  const keys = leastOf(lost)
  const claim: Claim = { claim: 'lost', of: 'writes', changes: lost.map(({ operation }) => operation), least: keys }
  if (lost.length > 1) {
    const atLeast = keys < lost.length || hasAppends(lost) ? 'At least ' : ''
    const were = plural(keys, 'acknowledged write was', 'acknowledged writes were')
    const isGone = lost.every(({ key }) => isReadEverywhere(history, key))
    return { claim, title: `${atLeast}${were} ${isGone ? 'lost' : 'in no final read'}`, level: 'eventual' }
  }
  const write = `${clientOf(history, first.operation)}'s confirmed write${ofKey('to', first.key)}`
  const [only, ...others] = history.nodes
  // A single node may have the write on its disk, but answer from an old cache. So the title does not say that the
  // write is gone.
  const isAlone = only !== undefined && others.length === 0
  if (isAlone) return { claim, title: `${nameText(only, 24)} answered without ${write}`, level: 'eventual' }
  const isKnown = isReadEverywhere(history, first.key)
  const title = isKnown ? `${write} is gone` : `${namesOf(nodesRead(history, first.key))} ended without ${write}`
  return { claim, title, level: 'eventual' }
}

const nodesRead = (history: History, key: string | undefined): readonly string[] =>
  nonEmpty([...(endOf(history, key)?.reads.keys() ?? [])])

/** Whether final reads asked every known node for the key. A node that was not asked may have the value. */
function isReadEverywhere(history: History, key: string | undefined): boolean {
  const { length } = nodesRead(history, key)
  return length === 0 || length >= history.nodes.length
}

/**
 * Whether some lost write is an append. If so, the number of lost writes is a lower bound: a value may contain the text
 * of another lost append by chance.
 */
const hasAppends = (lost: readonly LostWrite[]): boolean => lost.some(({ isAppend }) => isAppend === true)

/**
 * Describes the number of lost writes, or a lower bound if writes overlapped: `at least 20 of 25 last acknowledged
 * writes in no final read`. The text does not say `lost`, because a node that was not asked may have the writes.
 */
export function lostText(lost: readonly LostWrite[]): string {
  const least = leastOf(lost)
  return least < lost.length
    ? `at least ${count(least)} of ${plural(lost.length, 'last acknowledged write')} in no final read`
    : `${hasAppends(lost) ? 'at least ' : ''}${plural(lost.length, 'acknowledged write')} in no final read`
}

/**
 * Finds nodes that ended with a wrong value, `n3 ended without p0's confirmed write to x`, or whose final reads differ.
 */
function apartAtTheEnd({ history, report }: SheetInput): Loss | undefined {
  const first = counterexampleOf(report, 'eventual')?.operations.find(({ operation }) =>
    isFinal(history, operation),
  )?.operation
  const end = first === undefined ? undefined : endOf(history, keyOf(history, first))
  if (end === undefined || end.reads.has('')) return undefined
  const byValue = grouped(end.reads, ([, read]) => answeredText(history, read))
  const groups = [...byValue.values()]
    .map((reads) => reads.map(([node]) => node))
    .sort((one, other) => one.length - other.length)
  const [fewest, most] = [groups[0], groups.at(-1)]
  if (fewest === undefined || most === undefined || fewest === most) return undefined
  if (end.isSurelyLast && end.last !== undefined) {
    const write = `${clientOf(history, end.last)}'s confirmed write${ofKey('to', end.key)}`
    return { title: `${namesOf(wrongOf(history, end))} ended without ${write}`, level: 'eventual' }
  }
  const isOneAgainstAll = groups.length === 2 && most.length > MOST_NODES
  const [few, many] = [namesOf(fewest), isOneAgainstAll ? 'the others' : namesOf(most)]
  return {
    title: `At the end ${few} answered another value${ofKey('of', end.key)} than ${many}`,
    level: 'eventual',
  }
}

const namesOf = (nodes: readonly string[]): string =>
  nodes.length > MOST_NODES ? plural(nodes.length, 'node') : listed(nodes.map((node) => nameText(node, 24)))

const MOST_NODES = 3

/** Returns the loss if two changes replaced the same value, so that one change is lost. */
function changedTwice({ history, counterexample }: SheetInput): Loss | undefined {
  const { culprit, keys } = counterexample
  if (culprit === undefined || !isOk(history, culprit)) return undefined
  const from = replacedText(history, culprit)
  const core = coreOf(counterexample).filter((row) => row !== culprit)
  const other = core.find((row) => replacedText(history, row) === from)
  const others = core.filter((row) => row !== other)
  if (from === undefined || other === undefined || !isOk(history, other)) return undefined
  if (others.length > 1 || !others.every((row) => !isRead(history, row) && writtenText(history, row) === from))
    return undefined
  const [one, two] = [clientOf(history, other), clientOf(history, culprit)]
  const [key] = keys
  const what = key === undefined ? '' : ` ${nameText(key, 24)}`
  const who = one === two ? `${one} twice` : `${one} and ${two} both`
  return { title: `${who} changed${what} from ${nameText(from, 24)}, and one change is lost` }
}

/**
 * Finds a write that its own node lost: `n1 answered without p0's confirmed write`. The node says that there is no
 * value.
 */
function forgotten({ history, report, counterexample }: SheetInput): Loss | undefined {
  const { culprit } = counterexample
  if (culprit === undefined || !isRead(history, culprit) || outputOf(history, culprit) !== null) return undefined
  const { confirmed } = replacementOf(history, report, counterexample) ?? {}
  const node = nodeOf(history, culprit)
  if (confirmed === undefined || node === undefined || nodeOf(history, confirmed) !== node) return undefined
  return {
    claim: { claim: 'missing', known: confirmed, read: culprit },
    title: `${nameText(node, 24)} answered without ${clientOf(history, confirmed)}'s confirmed write`,
  }
}

/**
 * Finds a client that saw a change and missed an earlier change: `p2 saw p1's write to comment, but not its earlier one
 * to photo`.
 */
function effectWithoutCause({ history, report, counterexample: given }: SheetInput): Loss | undefined {
  const others = [counterexampleOf(report, 'causal'), ...levels.map((level) => counterexampleOf(report, level))]
  for (const counterexample of [given, ...others]) {
    const most = counterexample === given ? MOST_IN_A_TITLE.ofGiven : MOST_IN_A_TITLE.ofOther
    const title = counterexample && missingCause(history, counterexample, most)
    if (title !== undefined) return { title, level: counterexample?.level ?? '' }
  }
  return undefined
}

/**
 * The maximum number of operations in a contradiction whose title names the write that the reading client missed. For a
 * larger contradiction, a title about a stale value is easier to understand.
 */
const MOST_IN_A_TITLE = { ofGiven: 6, ofOther: 5 }

function missingCause(
  history: History,
  { culprit, ...counterexample }: Counterexample,
  most: number,
): string | undefined {
  const edges = allEdges(counterexample)
  const core = coreOf(counterexample).length
  if (culprit === undefined || !isRead(history, culprit) || core > most) return undefined
  const [wanted, known] = [
    keyOf(history, culprit),
    edges.find(({ reason, after }) => reason === 'reads from' && isSameClient(history, after, culprit)),
  ]
  const seen = known && keyOf(history, known.before)
  if (wanted === undefined || known === undefined || seen === undefined || seen === wanted) return undefined
  const missed = missedBy(edges, culprit)
  if (missed === undefined || keyOf(history, missed) !== wanted || isSameClient(history, missed, culprit))
    return undefined
  const [reader, author, writer] = [culprit, known.before, missed].map((row) => clientOf(history, row))
  const what = nameText(wanted, 24)
  const whose = writer === author ? 'its' : `${writer}'s`
  const node = nodeOf(history, culprit)
  if (node !== undefined && nodeOf(history, missed) === node && isOk(history, missed))
    return `${nameText(node, 24)} answered without ${writer}'s confirmed write to ${what}`
  return `${reader} saw ${author}'s write to ${nameText(seen, 24)}, but not ${whose} earlier one to ${what}`
}

const allEdges = ({ edges }: Pick<Counterexample, 'edges'>): readonly OrderEdge[] =>
  (edges ?? []).flatMap((edge) => [edge, ...(edge.shownBy?.chain ?? [])])

const missedBy = (edges: readonly OrderEdge[], read: OperationRow): OperationRow | undefined =>
  edges.find(({ reason, before }) => reason === 'overwritten after' && before === read)?.after ??
  edges.find(({ reason, shownBy }) => reason === 'overwritten before' && shownBy?.read === read)?.before

/** Finds a client that read an older value than one that it had written or knew of. */
function olderThanKnown({ history, counterexample: { culprit, ...counterexample } }: SheetInput): Loss | undefined {
  if (culprit === undefined || !isRead(history, culprit)) return undefined
  const missed = missedBy(allEdges(counterexample), culprit)
  if (missed === undefined || keyOf(history, missed) !== keyOf(history, culprit)) return undefined
  const key = keyOf(history, culprit)
  const what = key === undefined ? 'an older value' : `an older ${nameText(key, 24)}`
  const reader = clientOf(history, culprit)
  if (!isSameClient(history, missed, culprit)) return { title: `${reader} read ${what} than it knew of` }
  return { title: `${reader} read ${what} than it had written itself`, despite: byItsWritesAlone(history, culprit) }
}

/**
 * Returns why `read-your-writes` is met although a client read an older value than it wrote. The level ignores real
 * time, so the value may count as newer than the client's write.
 */
const byItsWritesAlone = (history: History, read: OperationRow): Despite => ({
  level: 'read-your-writes',
  because: `it leaves real time out, so ${readText(history, read)} may count as newer than its own write`,
})

const byItsReadsAlone = (history: History, read: OperationRow): Despite => ({
  level: 'monotonic-reads',
  because: `it leaves real time out, so ${readText(history, read)} last may count as newer than what it read before`,
})

function readText(history: History, read: OperationRow): string {
  const key = keyOf(history, read)
  return `the ${key === undefined ? 'value' : nameText(key, 24)} it read`
}

const keyText = (history: History, row: OperationRow): string => {
  const key = keyOf(history, row)
  return key === undefined ? 'the value' : nameText(key, 24)
}

/** Returns the value that a cas replaced, as JSON. */
function replacedText(history: History, row: OperationRow): string | undefined {
  const found = isRead(history, row) ? undefined : foundBy(history, row)
  return found === undefined ? undefined : JSON.stringify(found)
}

/**
 * Finds a read or compare-and-set that found a wrong value. The value had certainly been replaced before, or it can
 * never have been stored.
 */
function unseen({ history, report, counterexample }: SheetInput): Loss | undefined {
  const { culprit, edges } = counterexample
  if (culprit === undefined || edges !== undefined) return undefined
  const replacement = replacementOf(history, report, counterexample)
  if (replacement === undefined) return fromNowhere(history, report, culprit)
  const { confirmed, saw } = replacement
  const by = confirmed ?? saw
  if (by === undefined) return undefined
  const isOwn = isSameClient(history, by, culprit)
  const [reader, other] = [culprit, by].map((row) => clientOf(history, row))
  if (!isRead(history, culprit)) {
    const what =
      confirmed === undefined
        ? `a write that ${isOwn ? 'it' : other} had already read`
        : `${isOwn ? 'its own' : `${other}'s`} confirmed write`
    return { title: `${reader} changed ${keyText(history, culprit)} without seeing ${what}` }
  }
  if (confirmed === undefined) {
    const [from, to] = [by, culprit].map((row) => valueText(outputOf(history, row), 16))
    const key = keyText(history, culprit)
    return isOwn
      ? { title: `${reader} saw ${key} go back from ${from} to ${to}`, despite: byItsReadsAlone(history, culprit) }
      : { title: `After ${other} had read ${from}, ${reader} saw ${key} go back to ${to}` }
  }
  const claim: Claim = { claim: 'missing', known: confirmed, read: culprit }
  const title = missedText(history, { change: confirmed, read: culprit }, 'write')
  return isOwn ? { claim, title, despite: byItsWritesAlone(history, culprit) } : { claim, title }
}

/** Returns the loss if two clients disagree about which of two writes came last. */
function disagreement({ history, report, counterexample }: SheetInput): Loss | undefined {
  const { culprit, keys } = counterexample
  const differs = replacementOf(history, report, counterexample)?.differs
  const shown = coreOf(counterexample).find((row) => row === differs)
  const other = disagreementOf(history, counterexample)?.other ?? shown
  if (culprit === undefined || other === undefined) return undefined
  if (rowsOfKey(history, culprit)?.every((row) => isRead(history, row)) === true) return undefined
  const [one, two] = [clientOf(history, other), clientOf(history, culprit)]
  const what = `the last write${ofKey('to', keys[0])}`
  return { title: one === two ? `${one} did not always see ${what}` : `${one} and ${two} disagree about ${what}` }
}

/** Returns the loss if a read or cas found a value that no order allows. */
function fromNowhere(history: History, report: Report<string>, culprit: OperationRow): Loss | undefined {
  const [rows, value] = [rowsOfKey(history, culprit), foundBy(history, culprit)]
  if (rows === undefined || value === undefined || isFinal(history, culprit)) return undefined
  if (!isOk(history, culprit) || !isImpossibleAlone(report, culprit)) return undefined
  const text = JSON.stringify(value)
  const reader = clientOf(history, culprit)
  const { outcome } = history.operations
  const hasFailed = rows.some(
    (row) =>
      !isRead(history, row) &&
      outcome[row] === FAIL &&
      callEventOf(history, row) < returnEventOf(history, culprit) &&
      writtenText(history, row) === text,
  )
  const did = isRead(history, culprit) ? 'read' : `changed ${keyText(history, culprit)} from`
  if (hasFailed) return { title: `${reader} ${did} a write that had failed` }
  return { title: `${reader} ${did} ${valueText(value, 24)}, which nobody had written` }
}
