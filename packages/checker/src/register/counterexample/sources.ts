import type { Json } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import { addTo, ascending } from '../../encoding/lists.ts'
import { type Budget, ticking, unlimited } from '../../limits/budget.ts'
import { appendText } from '../replay/appends.ts'
import type { OrderRule } from '../replay/replay.ts'

/** Adds everything that the chosen operations' results may depend on. Returns all in ascending order. */
export type Completion = (chosen: Iterable<number>) => number[]

/**
 * Returns a function that adds to a set of operations all operations on which their results may depend. If the
 * completed set is contradictory, the whole history is contradictory, too: no read in the set looks wrong only because
 * its write was left out.
 *
 * Proof: Suppose that the whole history has a legal order. In this order, each observation depends only on the last
 * write before it; with append, on the last overwriting write and the appends after it. The completed set contains
 * every operation that can have this role in any order. So the order remains legal when all operations outside the set
 * are removed. If the set has no legal order, the history therefore has none either.
 *
 * In real time, an overwrite that returned before an observation was called hides all writes that returned before the
 * call of the overwrite: none of them can be the last write before the observation.
 *
 * @throws OutOfTime. The returned function throws it, too.
 */
export function createCompletion(
  encoded: Encoded,
  rule: OrderRule,
  jsonOf: (name: number) => Json,
  budget: Budget = unlimited,
): Completion {
  const { length, kind, expects, writes, key, calls, returns } = encoded
  const clients = encoded.clients()
  const overwrittenSince = rule === 'real time' && !encoded.hasAppend ? lastOverwriteBefore(encoded, budget) : undefined
  const ofKey = new Map<number, number[]>()
  const ofValue = new Map<number, number[]>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] === NOTHING) continue
    pushTo(ofKey, key[i], i)
    pushTo(ofValue, key[i] * encoded.values + writes[i], i)
  }
  const text = (value: number): string => appendText(jsonOf(encoded.names[value]))
  const mayContain = (writer: number, observed: string): boolean =>
    kind[writer] === APPEND ? observed.includes(text(writes[writer])) : observed.startsWith(text(writes[writer]))
  const inTime = (writer: number, observer: number): boolean => {
    if (writer === observer) return false
    if (rule === 'process order') {
      return clients[writer] !== clients[observer] || calls[writer] < returns[observer]
    }
    return calls[writer] < returns[observer] && returns[writer] > (overwrittenSince?.[observer] ?? -1)
  }

  const nearest = (writers: readonly number[], observer: number): number =>
    writers.findLast((writer) => calls[writer] < returns[observer] && writer !== observer) ?? writers[0]

  return (chosen) => {
    const kept = new Set<number>()
    const waiting: number[] = []
    const keep = (operation: number): void => {
      if (kept.has(operation)) return
      kept.add(operation)
      if (expects[operation] !== NOTHING) waiting.push(operation)
    }
    for (const operation of chosen) keep(operation)
    for (let observer = waiting.pop(); observer !== undefined; observer = waiting.pop()) {
      budget.tick()
      const k = key[observer]
      if (kind[observer] === DIFFERS) {
        for (const writer of ofKey.get(k) ?? []) if (inTime(writer, observer)) keep(writer)
      } else if (encoded.hasAppend) {
        const observed = text(expects[observer])
        for (const writer of ofKey.get(k) ?? []) {
          budget.tick()
          if (!kept.has(writer) && inTime(writer, observer) && mayContain(writer, observed)) keep(writer)
        }
      } else {
        const writers = ofValue.get(k * encoded.values + expects[observer]) ?? []
        const possible = writers.filter((writer) => {
          budget.tick()
          return inTime(writer, observer)
        })
        for (const writer of possible) keep(writer)
        // Keeps at least the nearest writer. Without one, a stale read would look like a read of a value that nobody
        // wrote.
        if (possible.length === 0 && writers.length > 0) keep(nearest(writers, observer))
      }
    }
    return ascending(kept)
  }
}

/**
 * For each operation, considers the overwrites of its key that returned before its call. Returns the position of the
 * latest call among them; -1 if there are none.
 */
function lastOverwriteBefore(encoded: Encoded, budget: Budget): Int32Array {
  const { length, kind, key, calls, returns } = encoded
  const order = new Int32Array(length)
  let count = 0
  for (let i = 0; i < length; i++) {
    if (returns[i] !== NEVER && kind[i] !== READ && kind[i] !== DIFFERS && kind[i] !== APPEND) order[count++] = i
  }
  const byReturn = order.subarray(0, count).sort(ticking((a, b) => returns[a] - returns[b], budget))
  const latest = new Int32Array(encoded.keys).fill(-1)
  const result = new Int32Array(length)
  let next = 0
  for (let i = 0; i < length; i++) {
    for (; next < count && returns[byReturn[next]] < calls[i]; next++) {
      const writer = byReturn[next]
      if (calls[writer] > latest[key[writer]]) latest[key[writer]] = calls[writer]
    }
    result[i] = latest[key[i]]
  }
  return result
}

function pushTo(lists: Map<number, number[]>, at: number, item: number): void {
  addTo(lists, at, item)
}

/**
 * Reports whether every value that the kept operations observe was written by a kept operation, is the initial value,
 * or has no writer in the whole history. A value without a writer is not in `observedInWhole`.
 */
export function isSupported(encoded: Encoded, kept: readonly number[], observedInWhole: ReadonlySet<string>): boolean {
  const { kind, expects, writes, key, initial } = encoded
  const written = new Set<string>()
  for (const i of kept) if (kind[i] !== READ && kind[i] !== DIFFERS) written.add(`${key[i]} ${writes[i]}`)
  return kept.every((i) => {
    if ((kind[i] !== READ && kind[i] !== CAS) || expects[i] === initial) return true
    const name = `${key[i]} ${expects[i]}`
    return written.has(name) || !observedInWhole.has(name)
  })
}

export function writtenValues(encoded: Encoded, budget: Budget): ReadonlySet<string> {
  const written = new Set<string>()
  for (let i = 0; i < encoded.length; i++) {
    budget.tick()
    if (encoded.writes[i] !== NOTHING) written.add(`${encoded.key[i]} ${encoded.writes[i]}`)
  }
  return written
}
