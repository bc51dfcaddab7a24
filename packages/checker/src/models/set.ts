import { type History, type Json, UserError, type ValueId } from '@chaos/history'
import { NEVER } from '../encoded.ts'
import { type Accounted, type Accounting, accounted, accounting, elementName, rowsOf } from '../objects/accounting.ts'
import { type ModelEntry, relatedByGroups } from '../objects/object-model.ts'
import { badOperation, jsonOf, type Part } from '../objects/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots } from '../objects/slots.ts'
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
  object: { numbers, reads: [READ, CONTAINS], specification, fast, related, account },
}

function specification(initial: Json): Specification<readonly string[]> {
  const start = startOf(initial)
    .map((value) => JSON.stringify(value))
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
  return [...new Map(initial.map((value: Json) => [JSON.stringify(value), value])).values()]
}

/** A contains completes with true or false, or with the pair of the value and that. */
const elementOf = (value: Json, output: Json | undefined): Json => (Array.isArray(output) ? output[0] : value)
const found = (output: Json | undefined): boolean => (Array.isArray(output) ? output[1] : output) === true

/** The elements that each read returned, as value ids. */
function contents(part: Part): (i: number) => readonly number[] {
  const cached = new Map<number, readonly number[]>()
  return (i) => {
    const known = cached.get(part.output[i])
    if (known !== undefined) return known
    const value = jsonOf(part, part.output[i]) ?? []
    if (!Array.isArray(value)) throw badOperation(part, i, `a read returns a list, not ${JSON.stringify(value)}.`)
    const ids = value.map((each: Json) => part.history.values.id(each) as number)
    cached.set(part.output[i], ids)
    return ids
  }
}

/**
 * Decides a set that only grows, in time linear in the size of what was read, sorting aside. Reads of such a set form a
 * chain: each holds all that smaller ones hold. So they fix the order up to what commutes: the additions of what the
 * smallest read saw first (one for each element; a repeated one may come at any time later), then that read and its
 * equals, then what the next saw in addition, and so on; and in the end what nobody saw.
 */
function fast(part: Part, initial: Json): FastAnswer {
  const { length, f, input, calls } = part
  const reads: number[] = []
  for (let i = 0; i < length; i++) {
    if (f[i] === REMOVE || f[i] === CONTAINS) return NOT_APPLICABLE
    if (f[i] === READ) reads.push(i)
  }
  const contentOf = contents(part)
  reads.sort((a, b) => contentOf(a).length - contentOf(b).length)
  // By element: the number, by size, of the first kind of read that holds it; 0 for those there from the start.
  const level = new Map<number, number>()
  for (const value of startOf(initial)) level.set(part.history.values.id(value), 0)
  const slot = new Int32Array(length).fill(LEFT_OUT)
  let size = level.size
  let current = 0
  let previous: number | undefined
  for (const read of reads) {
    const contradiction: FastAnswer = {
      result: 'violated',
      conflict: previous === undefined ? [read] : [previous, read],
    }
    const elements = contentOf(read)
    if (previous === undefined || part.output[read] !== part.output[previous]) {
      const isLarger = elements.length > size
      if (elements.length < size || new Set(elements).size !== elements.length) return contradiction
      if (isLarger) current++
      let old = 0
      for (const element of elements) {
        if (level.has(element)) old++
        else level.set(element, current)
      }
      if (old !== size) return contradiction
      size = elements.length
    }
    slot[read] = 2 * current + 1
    previous = read
  }
  const adders = new Map<number, number>()
  const loose = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    if (f[i] !== ADD) continue
    const seen = level.get(input[i])
    if (seen === undefined) {
      if (part.returns[i] !== NEVER) slot[i] = 2 * current + 2
      continue
    }
    const first = adders.get(input[i])
    // Of several additions of an element, the one called first is the one that counts: it leaves the most room.
    if (seen > 0 && (first === undefined || calls[i] < calls[first])) adders.set(input[i], i)
    if (part.returns[i] === NEVER) continue
    slot[i] = 2 * seen
    loose[i] = 1
  }
  for (const [element, first] of level) {
    if (first === 0) continue
    const adder = adders.get(element)
    if (adder === undefined)
      return { result: 'violated', conflict: reads.filter((i) => contentOf(i).includes(element)).slice(0, 1) }
    slot[adder] = 2 * first
    loose[adder] = 0
  }
  return orderBySlots(part, slot, loose)
}

/** With a read, everything done to the elements that it returned; with an addition or removal, everything done to that. */
function related(part: Part): (chosen: Iterable<number>) => readonly number[] {
  const contentOf = contents(part)
  return relatedByGroups(
    part,
    (i) => (part.f[i] === READ ? contentOf(i) : [part.input[i]]),
    () => false,
    (i) => part.f[i] !== READ,
  )
}

interface Element {
  readonly value: number
  readonly key: number
  readonly firstRow: number
  acknowledged: number
  wasTaken: boolean
  /** When somebody knew that it was in: acknowledged, or read. */
  known: number
  knownAt: number
  lastPresent: number
  lastAbsent: number
}

/**
 * Jepsen's `set` and `set-full`: an element is known from its acknowledgement or the first read that returned it. It is
 * stable where the last read that lacks it began before the last that has it, lost where it was known when a later read
 * began that lacks it, and otherwise never read.
 */
function account(history: History, initial: Json): Accounting {
  const { callEvent, returnEvent, callTime, returnTime } = history.operations
  const elements = new Map<number, Element>()
  const removed = new Set<number>()
  const start = new Set(startOf(initial).map((value) => history.values.id(value) as number))
  const reads: { readonly row: number; readonly key: number; readonly items: readonly number[] }[] = []
  const seenUnasked = new Map<number, Accounted>()
  const duplicated = new Map<number, Accounted>()
  for (const { row, key, acknowledged, failed, input, output } of rowsOf(history, Object.keys(numbers))) {
    const number = numbers[history.functions[history.operations.f[row]]]
    if (number === READ) {
      const content = acknowledged ? (history.values.json(output as ValueId) ?? []) : undefined
      if (Array.isArray(content)) {
        reads.push({ row, key, items: content.map((item: Json) => history.values.id(item) as number) })
      }
      continue
    }
    const name = elementName(key, input)
    if (number === REMOVE) removed.add(name)
    if (number !== ADD) continue
    let element = elements.get(name)
    if (element === undefined) {
      element = {
        value: input,
        key,
        firstRow: row,
        acknowledged: -1,
        wasTaken: false,
        known: NEVER,
        knownAt: 0,
        lastPresent: -1,
        lastAbsent: -1,
      }
      elements.set(name, element)
    }
    if (!acknowledged || failed) continue
    if (element.acknowledged === -1) element.acknowledged = row
    if (returnEvent[row] < element.known) {
      element.known = returnEvent[row]
      element.knownAt = returnTime[row]
    }
  }
  // What may have been removed can rightly be missing; only the others are followed.
  for (const name of removed) {
    const element = elements.get(name)
    if (element !== undefined) element.wasTaken = true
  }
  reads.sort((a, b) => callEvent[b.row] - callEvent[a.row])
  const open = new Map<number, Set<Element>>()
  for (const element of elements.values()) {
    const ofKey = open.get(element.key)
    if (ofKey === undefined) open.set(element.key, new Set([element]))
    else ofKey.add(element)
  }
  // From the last read back: an element's last absence is found at the first read met that lacks it.
  for (const { row, key, items } of reads) {
    const counts = new Map<number, number>()
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
    for (const [item, count] of counts) {
      const name = elementName(key, item)
      if (count > 1) duplicated.set(name, accounted(history, row, item, count - 1))
      const element = elements.get(name)
      if (element === undefined) {
        if (!start.has(item)) seenUnasked.set(name, accounted(history, row, item))
        continue
      }
      if (element.lastPresent === -1) element.lastPresent = row
      if (returnEvent[row] < element.known) {
        element.known = returnEvent[row]
        element.knownAt = returnTime[row]
      }
    }
    for (const element of open.get(key) ?? []) {
      if (counts.has(element.value) || callEvent[element.firstRow] > returnEvent[row]) continue
      element.lastAbsent = row
      open.get(key)?.delete(element)
    }
  }
  const lost: Accounted[] = []
  const stale: Accounted[] = []
  const neverRead: Accounted[] = []
  const recovered: Accounted[] = []
  let acknowledged = 0
  let ok = 0
  let stable = 0
  for (const element of elements.values()) {
    const { value, lastPresent, lastAbsent, known, knownAt } = element
    if (element.acknowledged !== -1) acknowledged++
    if (lastPresent !== -1 && (lastAbsent === -1 || callEvent[lastAbsent] < callEvent[lastPresent])) ok++
    if (lastPresent !== -1 && element.acknowledged === -1) recovered.push(accounted(history, lastPresent, value))
    if (element.wasTaken) continue
    const at = element.acknowledged === -1 ? element.firstRow : element.acknowledged
    const present = lastPresent === -1 ? -1 : callEvent[lastPresent]
    const absent = lastAbsent === -1 ? -1 : callEvent[lastAbsent]
    if (lastPresent !== -1 && absent < present) {
      stable++
      const late = lastAbsent === -1 ? 0 : Math.max(0, callTime[lastAbsent] + 1 - knownAt)
      if (absent > known) stale.push({ ...accounted(history, at, value), late })
    } else if (known !== NEVER && absent > known) {
      const late = Math.max(0, (lastPresent === -1 ? 0 : callTime[lastPresent] + 1) - knownAt)
      lost.push({ ...accounted(history, at, value), late })
    } else if (element.acknowledged !== -1) neverRead.push(accounted(history, at, value))
  }
  const unexpected = [...seenUnasked.values()]
  const isBad = lost.length > 0 || unexpected.length > 0 || duplicated.size > 0
  const isOpen = !isBad && stable === 0 && neverRead.length > 0
  return accounting({
    result: isBad ? 'violated' : isOpen ? 'unknown' : 'met',
    reason: isBad
      ? 'elements are lost, doubled or out of thin air'
      : isOpen
        ? 'no element was read after it was added'
        : 'every element that was known to be in the set stayed there',
    attempted: elements.size,
    acknowledged,
    ok,
    lost,
    recovered,
    unexpected,
    duplicated: [...duplicated.values()],
    neverRead,
    stale,
  })
}
