import { FLAG_FINAL, foundOrMade, functionOf, type History, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import { type Contents, createNumbering, type Numbering } from '../object/model/elements.ts'
import { listOf } from '../object/model/words.ts'
import { type Accounted, type Accounting, accounted, accounting, rowsOf } from '../verdict/accounting.ts'
import { capital } from '../verdict/words.ts'
import { CONTAINS, elementsAtFirst, READ, REMOVE, setNumbers } from './operations.ts'

/**
 * The elements of one set. Each list except `reads` has one entry per element, at the element's number (see
 * `numbering`). `attempted`, `acknowledged`, `present` and `absent` hold rows of the history, or -1.
 */
interface Elements {
  readonly numbering: Numbering
  readonly value: number[]
  /**
   * By element: its first addition (`attempted`), its first acknowledged addition (`acknowledged`), and whether a
   * removal was tried (`isTaken`).
   */
  readonly attempted: number[]
  readonly acknowledged: number[]
  readonly isTaken: boolean[]
  /** By element: since when it is known to be in the set. `known` holds the event position, and `knownAt` the time. */
  readonly known: number[]
  readonly knownAt: number[]
  /**
   * For each element: of the reads that contained it, `present` is the one that returned last. Of the reads that lacked
   * it, `absent` is the one called last.
   */
  readonly present: number[]
  readonly absent: number[]
  /** The elements that at least one node returned in its last final read. */
  readonly kept: Set<number>
  readonly reads: number[]
}

const createElements = (): Elements => ({
  numbering: createNumbering(),
  value: [],
  attempted: [],
  acknowledged: [],
  isTaken: [],
  known: [],
  knownAt: [],
  present: [],
  absent: [],
  kept: new Set(),
  reads: [],
})

function numberOf(elements: Elements, value: number): number {
  const element = elements.numbering.of(value)
  if (element < elements.value.length) return element
  elements.value.push(value)
  elements.attempted.push(-1)
  elements.acknowledged.push(-1)
  elements.isTaken.push(false)
  elements.known.push(NEVER)
  elements.knownAt.push(0)
  elements.present.push(-1)
  elements.absent.push(-1)
  return element
}

/**
 * Accounts for elements as Jepsen's `set` and `set-full` do. An element is known from its acknowledgement or its first
 * read on. An element is stable if a read that contained it returned after the last read that lacked it was called. An
 * element that is not stable is lost if a read that lacked it was called after the element was known. An acknowledged
 * element that is neither stable nor lost counts as never read. An element that a client tried to remove may be
 * missing. Unlike in Jepsen, the last final reads of the nodes count as simultaneous: an element in one of them is not
 * lost.
 */
export function accountOfSet(history: History, initial: Json, budget: Budget, contents: Contents): Accounting {
  const sets = new Map<number, Elements>()
  for (const { row, key, acknowledged, failed, input } of rowsOf(history, Object.keys(setNumbers), budget)) {
    const number = setNumbers[functionOf(history, row)]
    const elements = foundOrMade(sets, key, () => createElements())
    if (number === READ) {
      if (acknowledged) elements.reads.push(row)
    } else if (number !== CONTAINS) {
      const element = numberOf(elements, input)
      if (number === REMOVE) elements.isTaken[element] ||= !failed
      else {
        if (elements.attempted[element] === -1) elements.attempted[element] = row
        if (acknowledged) {
          if (elements.acknowledged[element] === -1) elements.acknowledged[element] = row
          know(elements, element, history, row)
        }
      }
    }
  }
  const start = isUnknownStart(initial)
    ? ANYTHING
    : new Set(elementsAtFirst(initial).map((value) => history.values.id(value) as number))
  const lists = { lost: [], stale: [], neverRead: [], recovered: [], unexpected: [], duplicated: [] } as Lists
  const sums = { attempted: 0, acknowledged: 0, ok: 0, stable: 0, surelyLost: 0 }
  for (const elements of sets.values()) {
    walkReads(history, elements, lists, budget, contents)
    settle(history, elements, start, lists, sums, budget)
  }
  const isBad = lists.lost.length > 0 || lists.unexpected.length > 0 || lists.duplicated.length > 0
  const isOpen = !isBad && sums.stable === 0 && lists.neverRead.length > 0
  return accounting({
    noun: 'element',
    result: isBad ? 'violated' : isOpen ? 'unknown' : 'met',
    reason: isBad
      ? troublesInWords(lists)
      : isOpen
        ? 'no element was read after it was added'
        : 'every element that was known to be in the set stayed there',
    attempted: sums.attempted,
    acknowledged: sums.acknowledged,
    ok: sums.ok,
    surelyLost: sums.surelyLost,
    ...lists,
  })
}

/** For an unknown initial value: any element that was read may be initial. */
const ANYTHING = { has: () => true }

function troublesInWords({ lost, unexpected, duplicated }: Lists): string {
  const troubles = [
    lost.length > 0 ? `the last reads lack what was known to be in the set: ${listOf(lost)}` : undefined,
    unexpected.length > 0 ? `nobody added what was read: ${listOf(unexpected)}` : undefined,
    duplicated.length > 0 ? `a read repeated elements: ${listOf(duplicated)}` : undefined,
  ]
  return capital(`${troubles.filter((each) => each !== undefined).join('; ')}.`)
}

type Lists = {
  readonly [list in 'lost' | 'stale' | 'neverRead' | 'recovered' | 'unexpected' | 'duplicated']: Accounted[]
}

function know(elements: Elements, element: number, history: History, row: number): void {
  const at = history.operations.returnEvent[row]
  if (at >= elements.known[element]) return
  elements.known[element] = at
  elements.knownAt[element] = history.operations.returnTime[row]
}

/**
 * Visits the reads from the last to the first. The first visited read that lacks an element is therefore the last read
 * that lacks it (`absent`).
 */
function walkReads(
  history: History,
  elements: Elements,
  { duplicated }: Lists,
  budget: Budget,
  contents: Contents,
): void {
  const { callEvent, returnEvent, flags, node } = history.operations
  const { present, absent, attempted, reads, kept } = elements
  const ended = new Set<number>()
  reads.sort(ticking((a, b) => callEvent[b] - callEvent[a], budget))
  const counted: number[] = []
  const seenBy: number[] = []
  let open = Array.from(elements.value, (_, element) => element)
  for (const [n, row] of reads.entries()) {
    const isEnd = (flags[row] & FLAG_FINAL) !== 0 && !ended.has(node[row])
    if (isEnd) ended.add(node[row])
    for (const id of contents(row)) {
      budget.tick()
      const element = numberOf(elements, id)
      if (seenBy[element] === n) {
        if (counted[element] === undefined) duplicated.push(accounted(history, row, id))
        counted[element] = row
        continue
      }
      seenBy[element] = n
      if (present[element] === -1 || returnEvent[present[element]] < returnEvent[row]) present[element] = row
      if (isEnd) kept.add(element)
      know(elements, element, history, row)
    }
    open = open.filter((element) => {
      budget.tick()
      if (seenBy[element] === n || attempted[element] === -1) return true
      if (callEvent[attempted[element]] > returnEvent[row]) return true
      absent[element] = row
      return false
    })
  }
}

function settle(
  history: History,
  elements: Elements,
  start: Pick<ReadonlySet<number>, 'has'>,
  lists: Lists,
  sums: { attempted: number; acknowledged: number; ok: number; stable: number; surelyLost: number },
  budget: Budget,
): void {
  const { callEvent, returnEvent, callTime } = history.operations
  const { value, attempted, acknowledged, isTaken, known, knownAt, present, absent, kept } = elements
  for (let element = 0; element < value.length; element++) {
    budget.tick()
    const id = value[element]
    const last = present[element]
    if (attempted[element] === -1) {
      if (last !== -1 && !start.has(id)) lists.unexpected.push(accounted(history, last, id))
      continue
    }
    const missing = absent[element] === -1 ? -1 : callEvent[absent[element]]
    const there = last === -1 ? -1 : returnEvent[last]
    const isThere = there > missing || kept.has(element)
    sums.attempted++
    if (acknowledged[element] !== -1) sums.acknowledged++
    else if (last !== -1) lists.recovered.push(accounted(history, last, id))
    if (isThere) sums.ok++
    if (isTaken[element]) continue
    const row = acknowledged[element] === -1 ? attempted[element] : acknowledged[element]
    const lateAt = (read: number): number => Math.max(0, (read === -1 ? 0 : callTime[read] + 1) - knownAt[element])
    if (isThere) {
      sums.stable++
      if (missing > known[element]) lists.stale.push({ ...accounted(history, row, id), late: lateAt(absent[element]) })
    } else if (missing > known[element]) {
      lists.lost.push({ ...accounted(history, row, id), late: lateAt(last) })
      if (acknowledged[element] !== -1) sums.surelyLost++
    } else if (acknowledged[element] !== -1) lists.neverRead.push(accounted(history, row, id))
  }
}
