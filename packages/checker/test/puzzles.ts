import type { EventInput } from '@chaosproxy/history'

/** An order of the two writes of a pair: `first` is the one that comes first, 1 or 2. */
export type Order = readonly [pair: number, first: 1 | 2]

/** Orders of different pairs that cannot all hold together. */
export type Clause = readonly Order[]

/**
 * Encodes a puzzle as a history. Each pair has two writes, and an order of the pair names the earlier one. Each clause
 * has one reader for each of its orders. The orders of a clause form a ring: the last order is followed by the first.
 *
 * The reader of an order first sees that the later write of the next order took effect. Then it reads the value of the
 * earlier write of its own order. If its own order holds, the later write of its own order must follow, so it takes
 * effect after the later write of the next order. If all orders of the clause hold, these later writes form a cycle,
 * which is impossible.
 *
 * Each process performs two operations. The times at which operations take effect are random and have no meaning.
 */
export function puzzleEvents(pairs: number, clauses: readonly Clause[], below: (n: number) => number): EventInput[] {
  const rows: (readonly [f: string, key: string, value: number])[][] = []
  for (let pair = 0; pair < pairs; pair++) {
    for (const value of [1, 2]) rows.push([write(`x${pair}`, value), write(`after ${value} of x${pair}`, 1)])
  }
  for (const clause of clauses) {
    for (const [n, [pair, first]] of clause.entries()) {
      const [next, before] = clause[(n + 1) % clause.length]!
      rows.push([read(`after ${3 - before} of x${next}`, 1), read(`x${pair}`, first)])
    }
  }
  const events: EventInput[] = []
  const left = rows.map((row, process) => ({ row: [...row], process }))
  while (left.length > 0) {
    const at = below(left.length)
    const { row, process } = left[at]!
    const [f, key, value] = row.shift()!
    if (row.length === 0) left.splice(at, 1)
    events.push(
      { process, type: 'invoke', f, key, value: f === 'read' ? null : value },
      { process, type: 'ok', f, key, value },
    )
  }
  return events
}

const write = (key: string, value: number) => ['write', key, value] as const
const read = (key: string, value: number) => ['read', key, value] as const

/** Returns `count` random clauses. Each clause chooses `size` different pairs, and a random order for each of them. */
export function randomClauses(
  { pairs, size, count }: { readonly pairs: number; readonly size: number; readonly count: number },
  below: (n: number) => number,
): Clause[] {
  return Array.from({ length: count }, () => {
    const left = Array.from({ length: pairs }, (_, pair) => pair)
    return Array.from({ length: size }, () => order(left.splice(below(left.length), 1)[0]!, below))
  })
}

const order = (pair: number, below: (n: number) => number): Order => [pair, below(2) === 0 ? 1 : 2]
