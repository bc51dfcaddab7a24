import { type History, historyFromObjects, type Json } from '@chaosproxy/history'
import type { MicroOperation, Transaction } from './brute-force.ts'

// Simulates a database of cells with isolation levels, and a recorder of the messages between its clients and it.
// Writers lock rows until they commit. Shares no code with the checker.

export const requestableLevels = ['read committed', 'repeatable read', 'serializable'] as const
export type RequestableLevel = (typeof requestableLevels)[number]

/** The ways in which the store can err. `kept` makes no error. */
export const stores = ['kept', 'weaker', 'serial-as-snapshot', 'dirty'] as const
export type Store = (typeof stores)[number]

const CELLS = ['t/1/a', 't/1/b', 't/2/a'] as const
const rowOf = (cell: string): string => cell.slice(0, cell.lastIndexOf('/'))

interface Version {
  readonly id: number
  readonly by: Ran
}

interface Ran {
  readonly process: number
  readonly request: string
  readonly level: RequestableLevel
  readonly isAlone: boolean
  readonly begun: number
  ended: number
  end: 'ok' | 'fail' | 'info'
  snapshot: number | undefined
  readonly done: { cell: string; isRead: boolean; seen: readonly number[]; id: number; from: number; to: number }[]
  readonly own: Map<string, number[]>
  /** The time at which the write that locked a row was answered, for each row. */
  readonly locked: Map<string, number>
  commitCall: number
  commit: number
}

export interface Played {
  readonly history: History
  /** The true history: each write is a separate version, and each read shows all versions before it. */
  readonly truth: readonly Transaction[]
  /** The true history, with all transactions of one request merged into one. */
  readonly truthOfRequests: readonly Transaction[]
  /** Whether each transaction got the level that it asked for. */
  readonly isKept: boolean
  /** True if the recorded values identify the versions and the locks determine the order of the versions. */
  readonly isDistinct: boolean
}

/**
 * Runs transactions of a few clients, and records them. With `byRequest`, the transactions of each client may belong to
 * one request.
 */
export function play(store: Store, random: () => number, byRequest = false): Played {
  const below = (n: number): number => Math.floor(random() * n)
  const committed = new Map<string, Version[]>(CELLS.map((cell) => [cell, []]))
  const holders = new Map<string, Ran>()
  const all: Ran[] = []
  const isDistinct = random() < 0.5
  const values = 2 + below(3)
  let time = 0
  let ids = 0

  const visible = (ran: Ran, cell: string): readonly number[] => {
    const isWeak = store === 'weaker' && random() < 0.5
    const limit = ran.level === 'read committed' || isWeak ? Number.POSITIVE_INFINITY : ran.snapshot!
    const before = committed.get(cell)!.filter(({ by }) => by.commit <= limit)
    const dirty =
      store === 'dirty' ? all.filter((other) => other !== ran && other.end === 'info' && other.commit < 0) : []
    return [
      ...before.map(({ id }) => id),
      ...dirty.flatMap(({ own }) => own.get(cell) ?? []),
      ...(ran.own.get(cell) ?? []),
    ]
  }

  /** Runs one transaction. Yields whenever another client may continue; yields true if it waits for a lock. */
  function* run(process: number): Generator<boolean> {
    const isSerial = store === 'serial-as-snapshot'
    const isAlone = !isDistinct && !isSerial && random() < 0.4
    const level = isAlone
      ? 'read committed'
      : isSerial
        ? 'serializable'
        : requestableLevels[below(requestableLevels.length)]!
    const ran: Ran = {
      ...{
        process,
        request: `${process}`,
        level,
        isAlone,
        begun: ++time,
        ended: 0,
        end: 'info',
        snapshot: undefined,
        done: [],
      },
      ...{ own: new Map(), locked: new Map(), commitCall: 0, commit: -1 },
    }
    all.push(ran)
    const operations = isAlone ? 1 : 1 + below(3)
    let isRefused = false
    for (let n = 0; n < operations && !isRefused; n++) {
      const cell = CELLS[below(CELLS.length)]!
      const from = ++time
      yield false
      ran.snapshot ??= ++time
      const isRead = random() < 0.5
      if (!isRead) {
        const row = rowOf(cell)
        while ((holders.get(row) ?? ran) !== ran) yield true
        const isNewer = CELLS.some(
          (each) => rowOf(each) === row && committed.get(each)!.some(({ by }) => by.commit > ran.snapshot!),
        )
        isRefused = level !== 'read committed' && isNewer && !(store === 'weaker' && random() < 0.5)
        if (isRefused) break
        holders.set(row, ran)
      }
      const seen = isRead ? visible(ran, cell) : []
      const id = isRead ? 0 : ++ids
      if (!isRead) ran.own.set(cell, [...(ran.own.get(cell) ?? []), id])
      if (!isAlone) yield false
      const to = ++time
      if (!isRead && !ran.locked.has(rowOf(cell))) ran.locked.set(rowOf(cell), to)
      ran.done.push({ cell, isRead, seen, id, from, to })
    }
    ran.commitCall = isAlone ? (ran.done[0]?.from ?? time) : ++time
    yield false
    ran.commit = ++time
    const isBroken = (): boolean => store === 'kept' && !keeps([...all.filter(({ end }) => end === 'ok'), ran])
    isRefused ||= random() < 0.1 || isBroken()
    if (isRefused) ran.end = 'fail'
    else {
      for (const [cell, own] of ran.own) for (const id of own) committed.get(cell)!.push({ id, by: ran })
      ran.end = 'ok'
    }
    for (const [row, by] of holders) if (by === ran) holders.delete(row)
    yield false
    ran.ended = ++time
    // A statement that is its own transaction is answered after its commit.
    if (!isAlone) return
    for (const each of ran.done) each.to = ran.ended
    for (const row of ran.locked.keys()) ran.locked.set(row, ran.ended)
  }

  const clients = [0, 1, 2].map((process) => ({ process, running: run(process), left: 1 }))
  let waits = 0
  while (clients.some(({ left }) => left >= 0)) {
    const open = clients.filter(({ left }) => left >= 0)
    const client = open[below(open.length)]!
    const { done, value } = client.running.next()
    waits = value === true ? waits + 1 : 0
    // A deadlock: abandons this schedule and starts another one.
    if (waits > 200) return play(store, random, byRequest)
    if (done !== true) continue
    client.left--
    if (client.left >= 0) client.running = run(client.process)
  }
  // A final read of all cells, which shows the order of all versions.
  const last: Ran = {
    ...{
      process: 9,
      request: 'last',
      level: 'read committed',
      isAlone: false,
      begun: ++time,
      ended: 0,
      end: 'ok',
      snapshot: time,
    },
    ...{ done: [], own: new Map(), locked: new Map(), commitCall: 0, commit: 0 },
  }
  for (const cell of CELLS)
    last.done.push({
      cell,
      isRead: true,
      seen: committed.get(cell)!.map(({ id }) => id),
      id: 0,
      from: ++time,
      to: ++time,
    })
  last.commit = ++time
  last.ended = ++time
  all.push(last)
  const shownValue = (id: number): number => (isDistinct ? id : (id * 7) % values)
  const missingShare = isDistinct ? 0 : 0.15
  return {
    ...recorded(all, shownValue, missingShare, random, byRequest),
    isDistinct,
    isKept: keeps(all.filter(({ end }) => end === 'ok')),
  }
}

/**
 * Reports whether each transaction got its isolation level. There must be moments for commits and snapshots that
 * explain all reads, and an order of the serializable transactions that explains their reads. Both exist if the edges
 * between moments and the edges between transactions form no cycle.
 */
function keeps(all: readonly Ran[]): boolean {
  const byCommit = [...all].sort((a, b) => a.commit - b.commit)
  const versions = new Map<string, { id: number; by: number }[]>(CELLS.map((cell) => [cell, []]))
  byCommit.forEach((ran, by) => {
    for (const [cell, own] of ran.own) for (const id of own) versions.get(cell)!.push({ id, by })
  })
  const known = new Set([...versions.values()].flat().map(({ id }) => id))
  const n = byCommit.length
  const isSnapshot = (t: number): boolean => byCommit[t]!.level !== 'read committed'
  const isSerial = (t: number): boolean => byCommit[t]!.level === 'serializable'
  const points: [number, number][] = Array.from({ length: n }, (_, t) => [2 * t, 2 * t + 1])
  const order: [number, number][] = []
  const dependsOn = (from: number, to: number): void => {
    if (from === to) return
    points.push([2 * from + 1, isSnapshot(to) ? 2 * to : 2 * to + 1])
    order.push([from, to])
  }
  let isRepeated = true
  byCommit.forEach((ran, t) => {
    const first = new Map<string, string>()
    for (const { cell, isRead, seen } of ran.done) {
      if (!isRead) continue
      const foreign = seen.filter((id) => !(ran.own.get(cell) ?? []).includes(id))
      if (foreign.some((id) => !known.has(id))) isRepeated = false
      const source = foreign.at(-1)
      const own = versions.get(cell)!
      const at = own.findIndex(({ id }) => id === source)
      if (at >= 0) dependsOn(own[at]!.by, t)
      if (at >= 0 && own.some(({ id, by }, next) => next > at && by === own[at]!.by && id !== source))
        isRepeated = false
      // A read after an own write shows nothing about other writers.
      const isOwn = foreign.length < seen.length
      const text = `${source}`
      if (!isOwn && isSnapshot(t) && (first.get(cell) ?? text) !== text) isRepeated = false
      if (!isOwn) first.set(cell, text)
      if (isOwn) continue
      own.forEach(({ by }, later) => {
        if (later <= at || by === t) return
        if (isSnapshot(t)) points.push([2 * t, 2 * by + 1])
      })
      const next = own.find(({ by }, later) => later > at && by !== (at < 0 ? -1 : own[at]!.by))
      if (next !== undefined && next.by !== t && isSerial(t) && isSerial(next.by)) order.push([t, next.by])
    }
  })
  for (const own of versions.values())
    for (const [at, { by }] of own.entries()) for (const later of own.slice(at + 1)) dependsOn(by, later.by)
  return isRepeated && isOrdered(points, 2 * n) && isOrdered(order, n)
}

/** Reports whether these orders have no cycle. Repeatedly removes the nodes that nothing precedes. */
function isOrdered(orders: readonly (readonly [number, number])[], nodes: number): boolean {
  let left = new Set(Array.from({ length: nodes }, (_, node) => node))
  for (;;) {
    const free = [...left].filter((node) => !orders.some(([from, to]) => to === node && left.has(from)))
    if (free.length === 0) return left.size === 0
    left = new Set([...left].filter((node) => !free.includes(node)))
  }
}

/** Returns what a recorder on the wire sees: repeated values, locks and times. */
function recorded(
  all: readonly Ran[],
  shownValue: (id: number) => number,
  missingShare: number,
  random: () => number,
  byRequest: boolean,
) {
  const areTimed = random() < 0.7
  const events: { time: number; ran: Ran; isEnd: boolean; event: { readonly [member: string]: Json } }[] = []
  for (const ran of all) {
    const micros = ran.done.map(({ cell, isRead, seen, id }): Json => {
      if (!isRead) return random() < missingShare ? ['w', cell] : ['w', cell, shownValue(id)]
      const last = seen.at(-1)
      return ['r', cell, last === undefined ? 0 : shownValue(last)]
    })
    const value = micros as readonly Json[]
    const first = ran.done[0]
    const statements = ran.done.map(({ from, to }): Json => {
      const isByStatement = ran.level === 'read committed'
      return areTimed ? ['SQL', 1, isByStatement ? from : first!.from, isByStatement ? to : first!.to] : ['SQL', 1]
    })
    const locks = [...ran.locked].map(([row, from]): Json => [row, from, ran.commitCall])
    const common = { process: ran.process, f: 'txn' }
    events.push({ time: ran.begun, ran, isEnd: false, event: { ...common, type: 'invoke', time: ran.begun, value } })
    const request = byRequest ? { request: ran.request } : {}
    const members = { statements, locks, isolation: ran.level, ...request }
    const end = { ...common, type: ran.end, time: ran.ended, value, ...members }
    events.push({ time: ran.ended, ran, isEnd: true, event: end })
  }
  events.sort((a, b) => a.time - b.time)
  const position = (ran: Ran, isEnd: boolean): number =>
    events.findIndex((each) => each.ran === ran && each.isEnd === isEnd)
  const done = all.filter((ran) => ran.done.length > 0)
  const transactionOf = (some: readonly Ran[]): Transaction => {
    const [first, last] = [some[0]!, some.at(-1)!]
    const own = (cell: string): readonly number[] => some.flatMap((ran) => ran.own.get(cell) ?? [])
    return {
      ...{ process: first.process, type: last.end, call: position(first, false), return: position(last, true) },
      // Omits reads of cells that the transaction wrote before. In `history`, such a read returns only the value that
      // the transaction wrote. In this operation, the read would return the list `seen`, which also contains the values
      // of other transactions.
      operations: some.flatMap((ran) =>
        ran.done.flatMap(({ cell, isRead, seen, id }): MicroOperation[] => {
          if (!isRead) return [{ f: 'w', key: cell, value: id }]
          const isOwn =
            some.length > 1 ? own(cell).includes(seen.at(-1)!) : seen.some((each) => own(cell).includes(each))
          return isOwn ? [] : [{ f: 'r', key: cell, value: seen }]
        }),
      ),
    }
  }
  const truth = done.map((ran) => transactionOf([ran]))
  const requests = new Map<string, Ran[]>()
  for (const ran of done) {
    const name = ran.end === 'ok' ? ran.request : `${ran.request} at ${ran.begun}`
    requests.set(name, [...(requests.get(name) ?? []), ran])
  }
  const truthOfRequests = [...requests.values()].map(transactionOf)
  const kept = events.filter(({ ran }) => ran.done.length > 0)
  const header = { chaos: 1, model: 'rw-register', initial: 0 }
  return { history: historyFromObjects([header, ...kept.map(({ event }) => event)]), truth, truthOfRequests }
}
