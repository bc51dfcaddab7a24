import { canonical, elementsOf, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { addTo } from '../encoding/lists.ts'
import { type Specification, WrongValue } from '../judge/model.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import { sorted } from '../object/model/any-start.ts'
import { createNumbering } from '../object/model/elements.ts'
import { membersOfElements } from '../object/model/elements-at-end.ts'
import { type ObjectEntry, readIn } from '../object/model/object-model.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots, violated } from '../object/model/slots.ts'
import { accountOfSet } from './account.ts'
import { ADD, CONTAINS, elementsAtFirst, READ, REMOVE, setNumbers } from './operations.ts'

/** A set of values: add, remove, a read of all elements, and contains, which returns true or false for its value. */
export const set: ObjectEntry = {
  name: 'set',
  aliases: ['set-full', 'grow-only-set', 'g-set', 'or-set'],
  summary: 'values that are added, removed and read',
  functions: ['add', 'remove', 'contains', 'read'],
  // In a set, `add` does not add amounts: an element added twice is in the set once.
  meanings: { add: { effect: 'appends', takes: 'value', answers: 'reply' } },
  levels: ['linearizable', 'eventual', 'convergent'],
  object: {
    ...membersOfElements({
      adds: 'add',
      added: 'added',
      removes: 'remove',
      atFirst: elementsAtFirst,
      isCounted: false,
      isOrdered: false,
    }),
    rule: 'an element is in from its addition until it is removed, for every read',
    numbers: setNumbers,
    reads: [READ, CONTAINS],
    repeats: [ADD, REMOVE],
    specification: (initial) =>
      setFrom({ isKnown: true, present: sorted(elementsAtFirst(initial).map((each) => canonical(each))), absent: [] }),
    fast,
    simulate,
    divide,
    readsElements: READ,
    contentOf: (output) => (output === null ? [] : (elementsOf(output)?.toSorted(byText) ?? output)),
    account: accountOfSet,
    partial: [CONTAINS],
  },
}

/** Sorts elements by text, because a set has no order. */
function byText(one: Json, other: Json): number {
  const [a, b] = [canonical(one), canonical(other)]
  return a < b ? -1 : Number(a > b)
}

/** The elements that are known to be in the set. Until a full read, also the elements that are known to be absent. */
interface Contents {
  readonly isKnown: boolean
  readonly present: readonly string[]
  readonly absent: readonly string[]
}

export const setFrom = (initial: Contents): Specification<Contents> => ({
  initial,
  step: (contents, { f, value, output }) => {
    const { isKnown, present, absent } = contents
    const element = JSON.stringify(f === 'contains' ? elementOf(value, output) : value)
    const become = (isIn: boolean): Contents => {
      const others = (list: readonly string[]): readonly string[] => list.filter((each) => each !== element)
      if (isIn && present.includes(element)) return contents
      if (isIn) return { isKnown, present: [...present, element].sort(), absent: others(absent) }
      return { isKnown, present: others(present), absent: isKnown ? [] : sorted([...absent, element]) }
    }
    switch (f) {
      case 'add':
        return [become(true)]
      case 'remove':
        return [become(false)]
      case 'contains': {
        const isIn = found(output)
        if (present.includes(element)) return isIn ? [contents] : []
        if (isKnown || absent.includes(element)) return isIn ? [] : [contents]
        return [become(isIn)]
      }
      default:
        return afterRead(contents, output ?? [])
    }
  },
  key: ({ isKnown, present, absent }) => (isKnown ? `=${present.join(' ')}` : JSON.stringify([present, absent])),
})

function afterRead({ isKnown, present, absent }: Contents, output: Json): readonly Contents[] {
  const contents = elementsOf(output)
  if (contents === undefined) throw new WrongValue(`a read must return a list, not ${JSON.stringify(output)}`)
  const read = contents.map((each) => JSON.stringify(each)).sort()
  const fits = isKnown
    ? read.length === present.length && read.every((each, at) => each === present[at])
    : present.every((each) => read.includes(each)) && !absent.some((each) => read.includes(each))
  return fits && new Set(read).size === read.length ? [{ isKnown: true, present: read, absent: [] }] : []
}

/**
 * Returns the element that a `contains` operation asks for. If its answer is a pair of an element and a boolean, the
 * answer names the element.
 */
const elementOf = (value: Json, output: Json | undefined): Json => (Array.isArray(output) ? output[0] : value)
function found(output: Json | undefined): boolean {
  const answer = Array.isArray(output) ? output[1] : output
  if (typeof answer === 'boolean') return answer
  throw new WrongValue(`contains must return true or false, not ${JSON.stringify(answer ?? null)}`)
}

/**
 * Decides a set that only grows. Apart from sorting, the time is linear in the size of the reads. Each read of such a
 * set contains all elements of every smaller read. So the reads determine the order, which is as follows:
 *
 * - the additions of the elements of the smallest read, one for each element that is not initial
 * - this read and all equal reads
 * - the additions of the new elements of the next larger read, then this read and all equal reads, and so on
 * - the additions of elements that no read contains
 *
 * Additions next to each other, or equal reads, may exchange places. If an element was added more than once, its other
 * additions may come at any later time.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f, input, calls } = part
  const reads: number[] = []
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === REMOVE || f[i] === CONTAINS) return NOT_APPLICABLE
    if (f[i] === READ) reads.push(i)
  }
  const contentOf = readIn(part)
  reads.sort(ticking((a, b) => contentOf(a).length - contentOf(b).length, budget))
  // By element: `level` is 1 for an initial element. For any other element, it is the rank of the smallest read that
  // contains the element, plus 1.
  const numbering = createNumbering()
  const level: number[] = []
  const lastSeen: number[] = []
  const levelOf = (element: number): number => level[element] ?? 0
  for (const value of elementsAtFirst(initial)) level[numbering.of(part.history.values.id(value))] = 1
  const slot = new Int32Array(length).fill(LEFT_OUT)
  let size = level.length
  let current = 0
  let previous: number | undefined
  for (const read of reads) {
    const contradiction = violated(previous === undefined ? [read] : [previous, read])
    const elements = contentOf(read)
    if (previous === undefined || part.output[read] !== part.output[previous]) {
      if (elements.length < size) return contradiction
      if (elements.length > size) current++
      let old = 0
      for (const id of elements) {
        budget.tick()
        const element = numbering.of(id)
        // The read returned an element twice.
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
    // If several operations added the element, chooses the one called first, because it restricts the order least.
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
    if (adder === undefined) return violated(reads.slice(-1))
    slot[adder] = 2 * seen
    loose[adder] = 0
  }
  return orderBySlots(part, slot, loose, budget)
}

/** Divides a set by element. Without full reads, elements are independent. */
function divide(part: Part, budget: Budget): readonly (readonly number[])[] {
  const members = new Map<number, number[]>()
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] === READ) return []
    addTo(members, part.input[i], i)
  }
  return [...members.values()]
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const elements = new Set(elementsAtFirst(initial).map((value) => values.id(value) as number))
  const contentOf = readIn(part)
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
