import { type History, historyFromObjects, type Json } from '@chaosproxy/history'
import type { MicroOperation, Transaction } from './brute-force.ts'

// Simulates a database whose server adds to values, as `SET n = n + 1` does. Clients need not see these values. Yields
// all explanations of what a recorder saw. Shares no code with the checker.

const CELLS = ['t/1/n', 't/2/n'] as const
const rowOf = (cell: string): string => cell.slice(0, cell.lastIndexOf('/'))

type Recorded =
  | (Read & { readonly f: 'r' })
  /** A read that shows only a comparison: whether the value was at least the given one. */
  | (Read & { readonly f: 'r>=' | 'r!>=' })
  | { readonly f: 'w'; readonly cell: string; readonly value: number | undefined }
  | { readonly f: 'add'; readonly cell: string; readonly value: number }

interface Read {
  readonly cell: string
  readonly value: number
  readonly from: number
  readonly to: number
}

const isRead = (one: Recorded): one is Extract<Recorded, Read> => one.f.startsWith('r')

interface Lock {
  readonly from: number
  readonly to: number
}

interface Ran {
  readonly process: number
  readonly began: number
  ended: number
  end: 'ok' | 'fail' | 'info'
  commitCall: number
  readonly recorded: Recorded[]
  /** For each statement, the number of its micro-operations, and its times. */
  readonly statements: [count: number, from: number, to: number][]
  readonly own: Map<string, number>
  readonly locks: Map<string, Lock>
}

export interface Schedule {
  readonly history: History
  readonly ran: readonly Ran[]
  readonly initial: number | undefined
}

/** Runs two or three transactions. `errs`: how often a read returns a wrong value. */
export function playChanges(random: () => number, errs: number): Schedule {
  const below = (n: number): number => Math.floor(random() * n)
  const isFew = random() < 0.5
  const cells = isFew ? CELLS.slice(0, 1) : CELLS
  const start = below(3)
  const committed = new Map<string, number[]>(cells.map((cell) => [cell, [start]]))
  const holders = new Map<string, Ran>()
  const all: Ran[] = []
  let time = 0

  function* run(process: number): Generator<boolean> {
    const ran: Ran = {
      ...{ process, began: ++time, ended: 0, end: 'ok', commitCall: 0 },
      ...{ recorded: [], statements: [], own: new Map(), locks: new Map() },
    }
    all.push(ran)
    const isAlone = random() < 0.25
    for (let n = isAlone ? 1 : 1 + below(3); n > 0; n--) {
      const cell = cells[below(cells.length)]!
      const from = ++time
      yield false
      const drawn = random()
      const does = drawn < 0.4 ? 'read' : drawn < 0.55 ? 'guard' : random() < 0.75 ? 'add' : 'write'
      const older = committed.get(cell)!
      const row = rowOf(cell)
      if (does !== 'read') {
        while ((holders.get(row) ?? ran) !== ran) yield true
        holders.set(row, ran)
      }
      const seen = ran.own.get(cell) ?? (random() < errs ? older[below(older.length)]! : older.at(-1)!)
      const before = ran.own.get(cell) ?? older.at(-1)!
      const change = below(4) - 2
      const written = does === 'write' ? below(4) : before + change
      const least = below(4)
      // A statement does not lock a row that its condition excludes.
      const isWrite = does !== 'read' && (does !== 'guard' || seen >= least)
      if (!isAlone) yield false
      const to = ++time
      const isValueKnown = random() < 0.4
      const micro: Recorded[] =
        does === 'read'
          ? [{ f: 'r', cell, value: seen, from, to }]
          : does === 'write'
            ? [{ f: 'w', cell, value: isValueKnown ? written : undefined }]
            : does === 'guard'
              ? [
                  { f: isWrite ? 'r>=' : 'r!>=', cell, value: least, from, to },
                  ...(isWrite ? [{ f: 'add', cell, value: change } as const] : []),
                ]
              : isValueKnown
                ? [
                    { f: 'r', cell, value: before, from, to },
                    { f: 'w', cell, value: written },
                  ]
                : [{ f: 'add', cell, value: change }]
      if (!isWrite && holders.get(row) === ran && !ran.locks.has(row)) holders.delete(row)
      if (isWrite) ran.own.set(cell, written)
      if (isWrite && !ran.locks.has(row)) ran.locks.set(row, { from: to, to: from })
      ran.recorded.push(...micro)
      ran.statements.push([micro.length, from, to])
    }
    ran.commitCall = isAlone ? ran.statements[0]![1] : ++time
    yield false
    const isLost = random() < 0.2
    ran.end = isLost ? 'info' : random() < 0.1 ? 'fail' : 'ok'
    if (ran.end === 'ok' || (isLost && random() < 0.5))
      for (const [cell, value] of ran.own) committed.get(cell)!.push(value)
    for (const [row, by] of holders) if (by === ran) holders.delete(row)
    yield false
    ran.ended = ++time
    for (const [row, { from }] of ran.locks) ran.locks.set(row, { from: isAlone ? time : from, to: ran.commitCall })
    if (!isAlone) return
    const last = ran.statements.pop()!
    ran.statements.push([last[0], last[1], time])
    ran.recorded.splice(0, Infinity, ...ran.recorded.map((one) => (isRead(one) ? { ...one, to: time } : one)))
  }

  const clients = Array.from({ length: 2 + below(2) }, (_, process) => run(process))
  let waits = 0
  while (clients.length > 0) {
    const at = below(clients.length)
    const { done, value } = clients[at]!.next()
    waits = value === true ? waits + 1 : 0
    // A deadlock: abandons this schedule and starts another one.
    if (waits > 100) return playChanges(random, errs)
    if (done === true) clients.splice(at, 1)
  }
  if (random() < 0.6) {
    const recorded = cells.map(
      (cell): Recorded => ({ f: 'r', cell, value: committed.get(cell)!.at(-1)!, from: time + 1, to: time + 2 }),
    )
    all.push({
      ...{ process: 9, began: ++time, ended: time + 2, end: 'ok', commitCall: time + 2, recorded },
      ...{ statements: [[recorded.length, time, ++time]], own: new Map(), locks: new Map() },
    })
  }
  const initial = random() < 0.6 ? start : undefined
  return { history: historyOf(all, initial), ran: all, initial }
}

function historyOf(all: readonly Ran[], initial: number | undefined): History {
  const events = all.flatMap(({ process, began, ended, end, recorded, statements, locks }) => {
    const value = recorded.map(
      (one): Json => (one.value === undefined ? [one.f, one.cell] : [one.f, one.cell, one.value]),
    )
    const members = {
      statements: statements.map(([count, from, to]): Json => ['SQL', count, from, to]),
      locks: [...locks].map(([row, { from, to }]): Json => [row, from, to]),
      isolation: 'read committed',
    }
    return [
      { process, f: 'txn', type: 'invoke', time: began, value },
      { process, f: 'txn', type: end, time: ended, value, ...members },
    ]
  })
  events.sort((a, b) => a.time - b.time)
  return historyFromObjects([{ chaos: 1, model: 'rw-register', initial: initial ?? 'unknown' }, ...events])
}

/** A possible explanation: the versions of each cell, and the version that each read saw. */
interface Explanation {
  readonly transactions: readonly Transaction[]
  /** Whether each read saw a version that was committed before the read, and not yet replaced. */
  readonly isTimely: boolean
}

/**
 * Yields all explanations of the recorded values: each has an order of versions for each cell, and a source for each
 * read. Locks determine the order of some writes.
 */
export function* explanationsOf({ ran, initial }: Schedule): Generator<Explanation> {
  const lost = ran.filter(({ end, locks }) => end === 'info' && locks.size > 0)
  for (let chosen = 0; chosen < 1 << lost.length; chosen++) {
    const counted = ran.filter(
      (one) => one.end === 'ok' || ((chosen & (1 << lost.indexOf(one))) !== 0 && lost.includes(one)),
    )
    const ofCells = CELLS.map((cell) => [...explanationsOfCell(counted, cell, initial)])
    for (const first of ofCells[0]!)
      for (const second of ofCells[1]!) {
        yield {
          transactions: transactionsOf(ran, counted, [first, second]),
          isTimely: first.isTimely && second.isTimely,
        }
      }
  }
}

interface OfCell {
  /** The ids of all versions, in order. */
  readonly order: readonly number[]
  /**
   * For each read, the ids of the versions up to the one that it saw. There are none if it read a write of its own
   * transaction.
   */
  readonly seen: ReadonlyMap<Recorded, readonly number[]>
  readonly isTimely: boolean
}

/** A value, as its difference from an unknown value or from 0. */
interface Value {
  readonly from: string
  readonly by: number
}

const KNOWN = ''

function* explanationsOfCell(counted: readonly Ran[], cell: string, initial: number | undefined): Generator<OfCell> {
  const writers = counted.filter(({ recorded }) => recorded.some((one) => one.cell === cell && !isRead(one)))
  for (const order of permutations(writers)) {
    const isPossible = order.every((one, at) => order.slice(at + 1).every((later) => !isBefore(later, one, cell)))
    if (!isPossible) continue
    const first: Value = initial === undefined ? { from: 'first', by: 0 } : { from: KNOWN, by: initial }
    const pinned: [Value, number][] = []
    const versions: Value[] = []
    for (const ran of order) versions.push(versionOf(ran, cell, versions.at(-1) ?? first, pinned))
    const reads = counted.flatMap((ran) => {
      if (ran.end !== 'ok') return []
      const own = ran.recorded.findIndex((one) => one.cell === cell && !isRead(one))
      return ran.recorded.flatMap((one, at) =>
        isRead(one) && one.cell === cell && (own < 0 || at < own) ? [{ ran, read: one }] : [],
      )
    })
    const known = new Map<string, number>([[KNOWN, 0]])
    if (!pinned.every(([value, is]) => agrees(known, value, is))) continue
    yield* sourcesOf(0, known, [], true, new Map())

    function* sourcesOf(
      at: number,
      known: ReadonlyMap<string, number>,
      compared: readonly Compared[],
      isTimely: boolean,
      seen: ReadonlyMap<Recorded, readonly number[]>,
    ): Generator<OfCell> {
      const next = reads[at]
      if (next === undefined) {
        if (!areTrue(known, compared)) return
        yield { order: order.flatMap((ran) => idsOf(ran, cell)), seen, isTimely }
        return
      }
      const { ran, read } = next
      for (let place = -1; place < order.length; place++) {
        if (order[place] === ran) continue
        const then = new Map(known)
        const version = place < 0 ? first : versions[place]!
        if (read.f === 'r' && !agrees(then, version, read.value)) continue
        const more = read.f === 'r' ? [] : [{ version, least: read.value, isTrue: read.f === 'r>=' }]
        const isEarly = place < 0 || order[place]!.commitCall <= read.to
        const isFresh = order.slice(place + 1).every((one) => one === ran || one.end !== 'ok' || one.ended >= read.from)
        const ids = order.slice(0, place + 1).flatMap((one) => idsOf(one, cell))
        yield* sourcesOf(
          at + 1,
          then,
          [...compared, ...more],
          isTimely && isEarly && isFresh,
          new Map(seen).set(read, ids),
        )
      }
    }
  }
}

/**
 * Returns the value that a transaction leaves in a cell. For each read after its own write, adds the value written and
 * the value read to `pinned`.
 */
function versionOf({ recorded, process, end }: Ran, cell: string, before: Value, pinned: [Value, number][]): Value {
  let now: Value | undefined
  recorded.forEach((one, at) => {
    if (one.cell !== cell) return
    if (isRead(one)) {
      if (one.f === 'r' && now !== undefined && end === 'ok') pinned.push([now, one.value])
    } else if (one.f === 'add') now = { ...(now ?? before), by: (now ?? before).by + one.value }
    else now = one.value === undefined ? { from: `${process} ${at}`, by: 0 } : { from: KNOWN, by: one.value }
  })
  return now ?? before
}

interface Compared {
  readonly version: Value
  readonly least: number
  readonly isTrue: boolean
}

/** Reports whether the unknown values can be chosen so that every comparison has its recorded result. */
function areTrue(known: ReadonlyMap<string, number>, compared: readonly Compared[]): boolean {
  const LARGE = 40
  return [...new Set(compared.map(({ version }) => version.from))].every((from) => {
    const is = known.get(from)
    const values = is === undefined ? Array.from({ length: 2 * LARGE }, (_, i) => i - LARGE) : [is]
    return values.some((value) =>
      compared.every(({ version, least, isTrue }) => version.from !== from || value + version.by >= least === isTrue),
    )
  })
}

function agrees(known: Map<string, number>, { from, by }: Value, value: number): boolean {
  const is = known.get(from)
  if (is === undefined) known.set(from, value - by)
  return is === undefined || is + by === value
}

/**
 * Reports whether transaction `one` must have held the lock of the row before transaction `other`. This is so if `one`
 * requested its commit before `other` was known to hold the lock.
 */
function isBefore(one: Ran, other: Ran, cell: string): boolean {
  const [a, b] = [one.locks.get(rowOf(cell)), other.locks.get(rowOf(cell))]
  return a !== undefined && b !== undefined && a.to <= b.from && b.to > a.from
}

const idsOf = ({ recorded, process }: Ran, cell: string): readonly number[] =>
  recorded.flatMap((one, at) => (one.cell === cell && !isRead(one) ? [100 * process + at + 1] : []))

function transactionsOf(
  all: readonly Ran[],
  counted: readonly Ran[],
  cells: readonly OfCell[],
): readonly Transaction[] {
  const times = all.flatMap(({ began, ended }) => [began, ended]).sort((a, b) => a - b)
  const seen = new Map(cells.flatMap((one) => [...one.seen]))
  const transactions = all.map((ran): Transaction => {
    const operations = ran.recorded.flatMap((one, at): MicroOperation[] => {
      const { cell } = one
      if (!isRead(one)) return [{ f: 'w', key: cell, value: 100 * ran.process + at + 1 }]
      const value = seen.get(one)
      return value === undefined ? [] : [{ f: 'r', key: cell, value }]
    })
    const isCounted = counted.includes(ran)
    return {
      ...{ process: ran.process, type: isCounted ? ran.end : ran.end === 'fail' ? 'fail' : 'info', operations },
      call: times.indexOf(ran.began),
      return: ran.end === 'info' ? Number.MAX_SAFE_INTEGER : times.indexOf(ran.ended),
    }
  })
  // A final read of all cells, which shows the order of all versions.
  const last: Transaction = {
    ...{ process: 99, type: 'ok', call: times.length, return: times.length + 1 },
    operations: CELLS.map((key, at) => ({ f: 'r', key, value: cells[at]!.order })),
  }
  return [...transactions, last]
}

function* permutations<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length === 0) yield []
  for (const [at, item] of items.entries())
    for (const rest of permutations(items.filter((_, other) => other !== at))) yield [item, ...rest]
}
