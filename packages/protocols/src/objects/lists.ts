import type { Completion, Json } from '@chaosproxy/history'
import { entryOf, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

/** By key. */
type Lists = Map<string, Json[]>

export const lists: ReplicatedObject<Lists> = {
  name: 'lists',
  summary: 'lists by key: append to one, read one whole, or several of both in one transaction',
  functions: ['append', 'read', 'txn'],
  reads: ['read'],
  initial: () => new Map(),
  apply(lists, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'append':
        entryOf(lists, key, () => []).push(value)
        return ok(value)
      case 'read':
        return ok([...(lists.get(key) ?? [])])
      case 'txn':
        return transact(lists, value)
      default:
        return unsupported
    }
  },
  save: (lists) => [...lists].map(([key, elements]) => [key, [...elements]]),
  load: (saved) => loadPairs(saved, (elements) => [...(elements as Json[])]),
}

/** The answer is the same list with the reads filled in. All or nothing. */
function transact(lists: Lists, value: Json): Completion {
  const parts = partsOf(value)
  if (parts === undefined) return unsupported
  const done = parts.map(([f, key, element]): Json => {
    const list = entryOf(lists, String(key), () => [])
    if (f !== 'append') return [f, key, [...list]]
    list.push(element)
    return [f, key, element]
  })
  return ok(done)
}

/** One step of a transaction: `["append", "x", 1]` or `["r", "y", null]`. */
export type Part = readonly ['append' | 'r', string | number, Json]

/** Undefined if the value is not a list of steps. */
export const partsOf = (value: Json): readonly Part[] | undefined =>
  Array.isArray(value) && value.every(isPart) ? value : undefined

const isPart = (part: Json): part is Part & Json =>
  Array.isArray(part) &&
  part.length === 3 &&
  (part[0] === 'append' || part[0] === 'r') &&
  (typeof part[1] === 'string' || typeof part[1] === 'number')
