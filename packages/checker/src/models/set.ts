import { canonical, type History, type Json, UserError } from '@chaos/history'
import { type Budget, ticking } from '../budget.ts'
import { capital } from '../counterexample/words.ts'
import { NEVER } from '../encoded.ts'
import { type Accounted, type Accounting, accounted, accounting, rowsOf } from '../objects/accounting.ts'
import { contentsOf, createNumbering, type Numbering } from '../objects/elements.ts'
import { type ModelEntry, relatedByGroups } from '../objects/object-model.ts'
import { jsonOf, type Part } from '../objects/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots } from '../objects/slots.ts'
import { listOf, unheardOf } from '../objects/words.ts'
import type { Specification } from './model.ts'

const ADD = 0
const REMOVE = 1
const READ = 2
const CONTAINS = 3

const numbers: { readonly [f: string]: number } = { add: ADD, remove: REMOVE, read: READ, contains: CONTAINS }

/** A set of values: add, remove, read of all, and contains, which returns true or false for the value it is asked for. */
export const set: ModelEntry = {
  name: 'set',
  aliases: ['set-full', 'grow-only-set', 'g-set', 'or-set'],
  summary: 'values that are added, removed and read',
  functions: ['add', 'remove', 'contains', 'read'],
  levels: ['linearizable', 'eventual'],
  object: {
    beside: (history, row, initial) =>
      history.functions[history.operations.f[row]] === 'read'
        ? unheardOf(history, row, { givers: ['add'], given: 'added', initial })
        : undefined,
    rule: 'an element is in from its addition until it is removed, for every read',
    numbers,
    reads: [READ, CONTAINS],
    specification,
    fast,
    simulate,
    divide,
    related,
    account,
  },
}

function specification(initial: Json): Specification<readonly string[]> {
  const start = startOf(initial)
    .map((value) => canonical(value))
    .sort()
  return {
    initial: start,
    step: (elements, { f, value, output }) => {
      const element = JSON.stringify(f === 'contains' ? elementOf(value, output) : value)
      switch (f) {
        case 'add':
          return [elements.includes(element) ? elements : [...elements, element].sort()]
        case 'remove':
          return [elements.filter((each) => each !== element)]
        case 'contains':
          return elements.includes(element) === found(output) ? [elements] : []
        default: {
          if (output === null) return elements.length === 0 ? [elements] : []
          if (!Array.isArray(output)) throw new Error(`a read returns a list, not ${JSON.stringify(output)}`)
          const read = output.map((each) => JSON.stringify(each)).sort()
          return read.length === elements.length && read.every((each, at) => each === elements[at]) ? [elements] : []
        }
      }
    },
    key: (elements) => elements.join(' '),
  }
}

function startOf(initial: Json): readonly Json[] {
  if (initial === null) return []
  if (!Array.isArray(initial)) {
    throw new UserError('usage', `the set begins as ${JSON.stringify(initial)}, which is no list. Give e.g. [1,2].`)
  }
  return [...new Map(initial.map((value: Json) => [canonical(value), value])).values()]
}

/** A contains completes with true or false, or with the pair of the value and that. */
const elementOf = (value: Json, output: Json | undefined): Json => (Array.isArray(output) ? output[0] : value)
function found(output: Json | undefined): boolean {
  const answer = Array.isArray(output) ? output[1] : output
  if (typeof answer === 'boolean') return answer
  throw new Error(`contains returns true or false, not ${JSON.stringify(answer ?? null)}`)
}

const contents =
  (part: Part) =>
  (i: number): Int32Array =>
    contentsOf(part.history, part.row[i])

/**
 * Decides a set that only grows, in time linear in the size of what was read, sorting aside. Reads of such a set form a
 * chain: each holds all that smaller ones hold. So they fix the order up to what commutes: the additions of what the
 * smallest read saw first (one for each element; a repeated one may come at any time later), then that read and its
 * equals, then what the next saw in addition, and so on; and in the end what nobody saw.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f, input, calls } = part
  const reads: number[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === REMOVE || f[i] === CONTAINS) return NOT_APPLICABLE
    if (f[i] === READ) reads.push(i)
  }
  const contentOf = contents(part)
  reads.sort(ticking((a, b) => contentOf(a).length - contentOf(b).length, budget))
  // By element: one more than the number, by size, of the first kind of read that holds it; 1 for those there from the start.
  const numbering = createNumbering()
  const level: number[] = []
  const lastSeen: number[] = []
  const levelOf = (element: number): number => level[element] ?? 0
  for (const value of startOf(initial)) level[numbering.of(part.history.values.id(value))] = 1
  const slot = new Int32Array(length).fill(LEFT_OUT)
  let size = level.length
  let current = 0
  let previous: number | undefined
  for (const read of reads) {
    const contradiction: FastAnswer = {
      result: 'violated',
      conflict: previous === undefined ? [read] : [previous, read],
    }
    const elements = contentOf(read)
    if (previous === undefined || part.output[read] !== part.output[previous]) {
      if (elements.length < size) return contradiction
      if (elements.length > size) current++
      let old = 0
      for (const id of elements) {
        budget.tick()
        const element = numbering.of(id)
        // The same element twice.
        if (lastSeen[element] === read + 1) return contradiction
        lastSeen[element] = read + 1
        if (levelOf(element) > 0) old++
        else level[element] = current + 1
      }
      if (old !== size) return contradiction
      size = elements.length
    }
    slot[read] = 2 * current + 1
    previous = read
  }
  const adders: number[] = []
  const loose = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] !== ADD) continue
    const element = numbering.of(input[i])
    const seen = levelOf(element) - 1
    if (seen === -1) {
      if (part.returns[i] !== NEVER) slot[i] = 2 * current + 2
      continue
    }
    // Of several additions of an element, the one called first is the one that counts: it leaves the most room.
    const first = adders[element]
    if (seen > 0 && (first === undefined || calls[i] < calls[first])) adders[element] = i
    if (part.returns[i] === NEVER) continue
    slot[i] = 2 * seen
    loose[i] = 1
  }
  for (let element = 0; element < level.length; element++) {
    budget.tick()
    const seen = levelOf(element) - 1
    if (seen <= 0) continue
    const adder = adders[element]
    if (adder === undefined) return { result: 'violated', conflict: reads.slice(-1) }
    slot[adder] = 2 * seen
    loose[adder] = 0
  }
  return orderBySlots(part, slot, loose, budget)
}

/** Without a read of the whole, elements have nothing to do with each other. */
function divide(part: Part, budget: Budget): readonly (readonly number[])[] {
  const members = new Map<number, number[]>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] === READ) return []
    const known = members.get(part.input[i])
    if (known === undefined) members.set(part.input[i], [i])
    else known.push(i)
  }
  return [...members.values()]
}

/** With a read, everything done to the elements that it returned; with an addition or removal, everything done to that. */
function related(part: Part, budget: Budget): (chosen: Iterable<number>) => readonly number[] {
  const contentOf = contents(part)
  return relatedByGroups(
    part,
    (i) => (part.f[i] === READ ? contentOf(i) : [part.input[i]]),
    budget,
    () => false,
    (i) => part.f[i] !== READ,
  )
}

/** What is known of the elements of one set, by their numbers; event positions, rows of the history, or -1. */
interface Elements {
  readonly numbering: Numbering
  readonly value: number[]
  /** The first addition, the first acknowledged one, and whether somebody tried to remove it. */
  readonly asked: number[]
  readonly acknowledged: number[]
  readonly isTaken: boolean[]
  /** When it was first known to be in: acknowledged, or read. */
  readonly known: number[]
  readonly knownAt: number[]
  /** The last reads, by call, with and without it. */
  readonly present: number[]
  readonly absent: number[]
  readonly reads: number[]
}

const createElements = (): Elements => ({
  numbering: createNumbering(),
  value: [],
  asked: [],
  acknowledged: [],
  isTaken: [],
  known: [],
  knownAt: [],
  present: [],
  absent: [],
  reads: [],
})

function numberOf(elements: Elements, value: number): number {
  const element = elements.numbering.of(value)
  if (element < elements.value.length) return element
  elements.value.push(value)
  elements.asked.push(-1)
  elements.acknowledged.push(-1)
  elements.isTaken.push(false)
  elements.known.push(NEVER)
  elements.knownAt.push(0)
  elements.present.push(-1)
  elements.absent.push(-1)
  return element
}

/**
 * Jepsen's `set` and `set-full`: an element is known from its acknowledgement or the first read that returned it. It is
 * stable where the last read that lacks it began before the last that has it, lost where it was known when a later read
 * began that lacks it, and otherwise never read. What somebody tried to remove may rightly be missing.
 */
function account(history: History, initial: Json, budget: Budget): Accounting {
  const sets = new Map<number, Elements>()
  for (const { row, key, acknowledged, failed, input } of rowsOf(history, Object.keys(numbers), budget)) {
    const number = numbers[history.functions[history.operations.f[row]]]
    let elements = sets.get(key)
    if (elements === undefined) {
      elements = createElements()
      sets.set(key, elements)
    }
    if (number === READ) {
      if (acknowledged) elements.reads.push(row)
    } else if (number !== CONTAINS) {
      const element = numberOf(elements, input)
      if (number === REMOVE) elements.isTaken[element] ||= !failed
      else {
        if (elements.asked[element] === -1) elements.asked[element] = row
        if (acknowledged) {
          if (elements.acknowledged[element] === -1) elements.acknowledged[element] = row
          know(elements, element, history, row)
        }
      }
    }
  }
  const start = new Set(startOf(initial).map((value) => history.values.id(value) as number))
  const lists = { lost: [], stale: [], neverRead: [], recovered: [], unexpected: [], duplicated: [] } as Lists
  const sums = { attempted: 0, acknowledged: 0, ok: 0, stable: 0 }
  for (const elements of sets.values()) {
    walkReads(history, elements, lists, budget)
    settle(history, elements, start, lists, sums, budget)
  }
  const isBad = lists.lost.length > 0 || lists.unexpected.length > 0 || lists.duplicated.length > 0
  const isOpen = !isBad && sums.stable === 0 && lists.neverRead.length > 0
  return accounting({
    result: isBad ? 'violated' : isOpen ? 'unknown' : 'met',
    reason: isBad
      ? troublesInWords(lists)
      : isOpen
        ? 'no element was read after it was added'
        : 'every element that was known to be in the set stayed there',
    attempted: sums.attempted,
    acknowledged: sums.acknowledged,
    ok: sums.ok,
    ...lists,
  })
}

function troublesInWords({ lost, unexpected, duplicated }: Lists): string {
  const said = [
    lost.length > 0 ? `the last reads lack what was known to be in the set: ${listOf(lost)}` : undefined,
    unexpected.length > 0 ? `nobody added what was read: ${listOf(unexpected)}` : undefined,
    duplicated.length > 0 ? `a read returned twice: ${listOf(duplicated)}` : undefined,
  ]
  return capital(`${said.filter((each) => each !== undefined).join('; ')}.`)
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

/** From the last read back: an element's last absence is at the first read met that lacks it. */
function walkReads(history: History, elements: Elements, { duplicated }: Lists, budget: Budget): void {
  const { callEvent, returnEvent } = history.operations
  const { present, absent, asked, reads } = elements
  reads.sort(ticking((a, b) => callEvent[b] - callEvent[a], budget))
  const counted: number[] = []
  const seenBy: number[] = []
  let open = Array.from(elements.value, (_, element) => element)
  for (const [n, row] of reads.entries()) {
    for (const id of contentsOf(history, row)) {
      budget.tick()
      const element = numberOf(elements, id)
      if (seenBy[element] === n) {
        if (counted[element] === undefined) duplicated.push(accounted(history, row, id))
        counted[element] = row
        continue
      }
      seenBy[element] = n
      if (present[element] === -1) present[element] = row
      know(elements, element, history, row)
    }
    open = open.filter((element) => {
      budget.tick()
      if (seenBy[element] === n || asked[element] === -1) return true
      if (callEvent[asked[element]] > returnEvent[row]) return true
      absent[element] = row
      return false
    })
  }
}

function settle(
  history: History,
  elements: Elements,
  start: ReadonlySet<number>,
  lists: Lists,
  sums: { attempted: number; acknowledged: number; ok: number; stable: number },
  budget: Budget,
): void {
  const { callEvent, callTime } = history.operations
  const { value, asked, acknowledged, isTaken, known, knownAt, present, absent } = elements
  for (let element = 0; element < value.length; element++) {
    budget.tick()
    const id = value[element]
    const last = present[element]
    if (asked[element] === -1) {
      if (last !== -1 && !start.has(id)) lists.unexpected.push(accounted(history, last, id))
      continue
    }
    const missing = absent[element] === -1 ? -1 : callEvent[absent[element]]
    const there = last === -1 ? -1 : callEvent[last]
    const isThere = there > missing
    sums.attempted++
    if (acknowledged[element] !== -1) sums.acknowledged++
    else if (last !== -1) lists.recovered.push(accounted(history, last, id))
    if (isThere) sums.ok++
    if (isTaken[element]) continue
    const row = acknowledged[element] === -1 ? asked[element] : acknowledged[element]
    if (isThere) {
      sums.stable++
      const late = Math.max(0, (absent[element] === -1 ? 0 : callTime[absent[element]] + 1) - knownAt[element])
      if (missing > known[element]) lists.stale.push({ ...accounted(history, row, id), late })
    } else if (missing > known[element]) {
      const late = Math.max(0, (last === -1 ? 0 : callTime[last] + 1) - knownAt[element])
      lists.lost.push({ ...accounted(history, row, id), late })
    } else if (acknowledged[element] !== -1) lists.neverRead.push(accounted(history, row, id))
  }
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const elements = new Set(startOf(initial).map((value) => values.id(value) as number))
  const contentOf = contents(part)
  return (i) => {
    const element = part.input[i]
    switch (part.f[i]) {
      case ADD:
        elements.add(element)
        return true
      case REMOVE:
        elements.delete(element)
        return true
      case CONTAINS:
        return elements.has(element) === found(jsonOf(part, part.output[i]))
      default: {
        const read = contentOf(i)
        return read.length === elements.size && read.every((each) => elements.has(each))
      }
    }
  }
}
