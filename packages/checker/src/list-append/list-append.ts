import { canonical, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { type Specification, WrongValue } from '../judge/model.ts'
import { type Budget, unlimited } from '../limits/budget.ts'
import { listAtFirst } from '../object/model/any-start.ts'
import { membersOfElements } from '../object/model/elements-at-end.ts'
import { type ObjectEntry, readIn } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, NOT_APPLICABLE, orderBySlots, violated } from '../object/model/slots.ts'

const APPEND = 0
const READ = 1

const numbers: { readonly [f: string]: number } = { append: APPEND, read: READ }

/** A list that grows at its end; a read returns the whole list. Null stands for the empty list. */
export const listAppend: ObjectEntry = {
  name: 'list-append',
  aliases: ['append-list'],
  summary: 'a list that is appended to and read whole',
  functions: ['append', 'read'],
  levels: ['linearizable', 'eventual', 'convergent'],
  object: {
    ...membersOfElements({
      adds: 'append',
      added: 'appended',
      atFirst: startOf,
      isCounted: true,
      isOrdered: true,
    }),
    rule: 'every read returns all that was appended before it, in one order for all',
    numbers,
    reads: [READ],
    specification: (initial) => listFrom({ isKnown: true, list: startOf(initial).map((each) => canonical(each)) }),
    fast,
    simulate,
    readsElements: READ,
    contentOf: (output) => output ?? [],
  },
}

/**
 * The state of a list. While `isKnown` is false, the initial list is unknown and no read has happened, so `list`
 * contains only the elements appended so far: the end of the real list.
 */
interface List {
  readonly isKnown: boolean
  readonly list: readonly string[]
}

export const listFrom = (initial: List): Specification<List> => ({
  initial,
  step: (state, { f, value, output }) => {
    const { isKnown, list } = state
    if (f === 'append') return [{ isKnown, list: [...list, JSON.stringify(value)] }]
    const read = output ?? []
    if (!Array.isArray(read)) throw new WrongValue(`a read must return a list, not ${JSON.stringify(read)}`)
    const before = read.length - list.length
    if (isKnown ? before !== 0 : before < 0) return []
    if (!list.every((each, at) => each === JSON.stringify(read[before + at]))) return []
    return isKnown ? [state] : [{ isKnown: true, list: read.map((each) => JSON.stringify(each)) }]
  },
  key: ({ isKnown, list }) => `${isKnown ? '=' : '…'}${list.join(' ')}`,
})

function startOf(initial: Json): readonly Json[] {
  return listAtFirst(initial, 'list')
}

/**
 * Decides lists of distinct elements, in time linear in the size of the reads, apart from sorting. The longest read
 * gives the order of the appends, every other read must be a prefix of it, and elements that were never read come
 * later.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, f, input, returns } = part
  const contentOf = readIn(part)
  let longest: number | undefined
  const appends = new Map<number, number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === READ) {
      if (longest === undefined || contentOf(i).length > contentOf(longest).length) longest = i
    } else if (appends.has(input[i])) return NOT_APPLICABLE
    else appends.set(input[i], i)
  }
  const start = startOf(initial).map((value) => part.history.values.id(value) as number)
  if (start.some((element) => appends.has(element))) return NOT_APPLICABLE
  const order = longest === undefined ? Int32Array.from(start) : contentOf(longest)
  // Initial elements may repeat, because no operation appended them.
  const isRepeated = new Set(order.slice(start.length)).size < order.length - start.length
  const slot = new Int32Array(length).fill(LEFT_OUT)
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (f[i] === READ) {
      const read = contentOf(i)
      if (read.length < start.length || !isBeginning(read, order, budget)) {
        return violated(longest === i || longest === undefined ? [i] : [longest, i])
      }
      slot[i] = 2 * read.length
    } else if (returns[i] !== NEVER) slot[i] = 2 * order.length + 1
  }
  for (const [at, element] of order.entries()) {
    budget.tick()
    if (at < start.length) {
      if (element === start[at]) continue
    } else {
      const append = appends.get(element)
      if (append !== undefined && !isRepeated) {
        slot[append] = 2 * at + 1
        continue
      }
    }
    return violated(longest === undefined ? [] : [longest])
  }
  return orderBySlots(part, slot, new Uint8Array(length), budget)
}

const isBeginning = (read: Int32Array, whole: ArrayLike<number>, budget: Budget): boolean => {
  for (let at = 0; at < read.length; at++) {
    budget.tick()
    if (read[at] !== whole[at]) return false
  }
  return true
}

function simulate(part: Part, initial: Json): (i: number) => boolean {
  const { values } = part.history
  const list: number[] = startOf(initial).map((value) => values.id(value))
  const contentOf = readIn(part)
  return (i) => {
    if (part.f[i] === APPEND) return list.push(part.input[i]) > 0
    const read = contentOf(i)
    return read.length === list.length && isBeginning(read, list, unlimited)
  }
}
