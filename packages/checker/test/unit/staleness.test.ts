import type { Staleness } from '@chaosproxy/checker'
import { type EventInput, type History, type Json, millis, nanos } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { partition } from '../../src/encoding/partition.ts'
import { createBudget, unlimited } from '../../src/limits/budget.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { clustersOf } from '../../src/register/staleness/clusters.ts'
import { stalenessOf } from '../../src/register/staleness/measure.ts'
import { readsBehind } from '../../src/register/staleness/reads.ts'
import { hasLegalOrder, isLinearizable, type Op, operationsOf } from '../brute-force.ts'
import { historyOf, timeline } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { measureStaleness } from '../measure-staleness.ts'

const reading = { initial: null, failedCas: 'drop' } as const
const baseSeed = inject('seed')
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

/** For each measured read, how far behind it was. */
const readsOf = (history: History) =>
  partition(encodeRegister(history, reading).encoded).flatMap((part) => {
    const { reads, behindNanos, versionsBehind } = readsBehind(part, clustersOf(part), history.operations, unlimited)
    return Array.from(reads, (read, i) => ({
      row: part.row[read]!,
      nanos: behindNanos[i]!,
      versions: versionsBehind[i]!,
    }))
  })

const measure = (history: History): Staleness => measureStaleness(history, reading)!

/** Gives the events times that increase by random steps. */
function timed(events: readonly EventInput[], random: () => number): EventInput[] {
  let time = 1_000
  return events.map((event) => {
    time += 1 + Math.floor(random() * 6)
    return { ...event, time: nanos(time) }
  })
}

function shapeFrom(random: () => number, over: Partial<Shape>): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 3 + below(5),
    keys: 1 + below(2),
    values: 0,
    cas: false,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.3 ? 0.2 : 0,
    mutated: random() < 0.6 ? 0.35 : 0,
    ...over,
  }
}

// The following functions compute staleness, Δ and k from their definitions. For Δ and k, they try every order.

/** A cas from a value to itself is a read of it. */
const opsOf = (history: History): Op[] =>
  operationsOf(history, reading).flatMap((op) => {
    if (op.f !== 'cas') return [op]
    const [from, to] = op.input as [Json, Json]
    if (from !== to) return [op]
    return op.completed ? [{ ...op, f: 'read', output: from }] : []
  })

const writtenBy = (op: Op): Json | undefined =>
  op.f === 'write' ? op.input : op.f === 'cas' ? (op.input as Json[])[1]! : undefined
const observedBy = (op: Op): Json | undefined =>
  op.f === 'read' ? op.output : op.f === 'cas' && op.completed ? (op.input as Json[])[0]! : undefined

/**
 * For each read, how long ago its value had been overwritten, and by how many writes. Absent if the write of the value
 * is unknown.
 */
function behindByDefinition(history: History): Map<number, { readonly nanos: number; readonly versions: number }> {
  const { callTime, returnTime } = history.operations
  const ops = opsOf(history)
  const behind = new Map<number, { readonly nanos: number; readonly versions: number }>()
  for (const read of ops) {
    if (read.f !== 'read') continue
    const writersOf = (value: Json): Op[] => ops.filter((op) => op.key === read.key && writtenBy(op) === value)
    /** Returns all operations that show that a write took effect. */
    const shows = (write: Op | undefined, value: Json): Op[] => [
      ...(write?.completed === true ? [write] : []),
      ...(writersOf(value).length + (value === null ? 1 : 0) > 1
        ? []
        : ops.filter((op) => op.key === read.key && op.completed && observedBy(op) === value)),
    ]
    const value = read.output
    const writers = writersOf(value)
    if (writers.length + (value === null ? 1 : 0) !== 1 || (writers[0]?.call ?? -1) > read.return) continue
    const first = value === null ? -1 : Math.min(...shows(writers[0], value).map((op) => op.return))
    const ends: number[] = []
    for (const other of ops) {
      const written = writtenBy(other)
      if (written === undefined || other.key !== read.key || other === writers[0] || other.call < first) continue
      const earlier = shows(other, written).filter((op) => op.return < read.call)
      if (earlier.length > 0) ends.push(Math.min(...earlier.map(({ row }) => returnTime[row]!)))
    }
    behind.set(read.row, {
      nanos: ends.length === 0 ? 0 : callTime[read.row]! - Math.min(...ends),
      versions: ends.length,
    })
  }
  return behind
}

/**
 * Returns the least Δ for which the history is linearizable if every read is called Δ earlier; Infinity if there is
 * none.
 */
function deltaByDefinition(history: History): number {
  const { callTime, returnTime } = history.operations
  const ops = opsOf(history)
  const holds = (delta: number): boolean => {
    const called = (op: Op): number => callTime[op.row]! - (op.f === 'read' ? delta : 0)
    return hasLegalOrder(ops, (a, b) => a.completed && returnTime[a.row]! < called(b), reading.initial)
  }
  const candidates = new Set([0])
  for (const read of ops) {
    if (read.f !== 'read') continue
    for (const op of ops) {
      const gap = callTime[read.row]! - (op.completed ? returnTime[op.row]! : 0)
      if (gap > 0) candidates.add(gap)
    }
  }
  for (const delta of [...candidates].sort((a, b) => a - b)) if (holds(delta)) return delta
  return Number.POSITIVE_INFINITY
}

/**
 * Returns the least k for which some order respects real time and each read returns one of the last k values; Infinity
 * if there is none.
 */
function kByDefinition(history: History): number {
  const all = operationsOf(history, reading)
  let least = 1
  for (const key of new Set(all.map((op) => op.key))) {
    const ops = all.filter((op) => op.key === key)
    let k = 1
    while (!isAtomic(ops, k) && k <= ops.length) k++
    least = Math.max(least, k > ops.length ? Number.POSITIVE_INFINITY : k)
  }
  return least
}

function isAtomic(ops: readonly Op[], k: number): boolean {
  const placed = new Set<Op>()
  const values: Json[] = [reading.initial]
  const go = (): boolean => {
    if (ops.every((op) => placed.has(op) || !op.completed)) return true
    for (const op of ops) {
      if (placed.has(op) || ops.some((other) => other.return < op.call && !placed.has(other))) continue
      if (op.f === 'read' && !values.slice(-k).includes(op.output)) continue
      placed.add(op)
      if (op.f === 'write') values.push(op.input)
      if (go()) return true
      placed.delete(op)
      if (op.f === 'write') values.pop()
    }
    return false
  }
  return go()
}

const listed = (seed: number, events: readonly EventInput[]): string =>
  `seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`

test(`the staleness of a read in time and in versions agrees with its definition on ${manyOf(5_000)} small histories`, () => {
  let stale = 0
  for (let n = 0; n < many(5_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const over = { operations: 3 + Math.floor(random() * 20), cas: random() < 0.3, values: random() < 0.7 ? 0 : 3 }
    const events = timed(randomEvents(shapeFrom(random, over), random), random)
    const history = smallHistory(events)
    const expected = behindByDefinition(history)
    const measured = readsOf(history)
    const wrong = measured.find(({ row, nanos, versions }) => {
      const right = expected.get(row)
      return nanos !== right?.nanos || versions !== right.versions
    })
    if (wrong !== undefined || measured.length !== expected.size)
      expect.fail(`${listed(seed, events)}read ${wrong?.row}: ${JSON.stringify([...expected])}`)
    if (measured.some(({ versions }) => versions > 0)) stale++
  }
  expect(stale, 'stale').toBeGreaterThan(atLeast(800))
})

test(`the measured staleness Δ agrees with its definition on ${manyOf(5_000)} small random histories`, () => {
  const count = { none: 0, some: 0, unknown: 0 }
  for (let n = 0; n < many(5_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const over = { cas: random() < 0.2, values: random() < 0.9 ? 0 : 3 }
    const events = timed(randomEvents(shapeFrom(random, over), random), random)
    const history = smallHistory(events)
    const { deltaNanos, behindNanos } = measure(history)
    const expected = deltaByDefinition(history)
    const { atLeast, atMost } = deltaNanos!
    const fits = atLeast <= expected && (atMost === undefined || atMost === expected)
    if (!fits || atLeast < (behindNanos?.max ?? 0)) {
      expect.fail(`${listed(seed, events)}Δ is ${expected}, not ${JSON.stringify(deltaNanos)}`)
    }
    count[atMost === undefined ? 'unknown' : atMost === 0 ? 'none' : 'some']++
  }
  expect(count.some).toBeGreaterThan(atLeast(100))
  expect(count.none).toBeGreaterThan(atLeast(500))
})

test(`the measured bounds on the staleness k contain the true k on ${manyOf(5_000)} small random histories`, () => {
  const count = { exact: 0, bounded: 0, beyondOne: 0 }
  for (let n = 0; n < many(5_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const over = { processes: 2 + Math.floor(random() * 5), operations: 4 + Math.floor(random() * 6), keys: 1 }
    const events = timed(randomEvents(shapeFrom(random, over), random), random)
    const history = smallHistory(events)
    const { k } = measure(history)
    const expected = kByDefinition(history)
    if (k.atLeast > expected || (k.atMost !== undefined && k.atMost < expected)) {
      expect.fail(`${listed(seed, events)}k is ${expected}, not ${JSON.stringify(k)}`)
    }
    if (k.atMost === undefined) continue
    if (expected <= 2 && k.atMost !== k.atLeast) expect.fail(`${listed(seed, events)}k is ${expected}, and not known`)
    if (expected > 2 && k.atLeast < 3) expect.fail(`${listed(seed, events)}k is ${expected}, and 2 not ruled out`)
    if ((k.atMost === 1) !== isLinearizable(history, reading))
      expect.fail(`${listed(seed, events)}k = 1 is linearizable`)
    count[k.atLeast === k.atMost ? 'exact' : 'bounded']++
    if (k.atLeast > 1) count.beyondOne++
  }
  expect(count.beyondOne).toBeGreaterThan(atLeast(100))
  expect(count.bounded / (count.exact + count.bounded), JSON.stringify(count)).toBeLessThan(0.02)
})

test('the staleness k is at most 2 if every read returns one of the last two values, even in long histories', () => {
  for (let n = 0; n < 60; n++) {
    const random = randomFrom(baseSeed + n)
    const events = readsOfLastTwo({ operations: 300, processes: 2 + (n % 8) }, random)
    expect(measure(smallHistory(events)).k.atMost, `seed ${baseSeed + n}`).toBeLessThanOrEqual(2)
  }
})

/** The events of clients of one register. Each read returns the last value or the one before. */
function readsOfLastTwo(
  { operations, processes }: { readonly operations: number; readonly processes: number },
  random: () => number,
): EventInput[] {
  const log: Json[] = [null]
  const open = new Map<number, { readonly f: 'read' | 'write'; value: Json; done: boolean }>()
  const events: EventInput[] = []
  for (let called = 0; called < operations || open.size > 0; ) {
    const process = Math.floor(random() * processes)
    const operation = open.get(process)
    if (operation === undefined) {
      if (called >= operations) continue
      called++
      const f = random() < 0.5 ? 'read' : 'write'
      const value = f === 'read' ? null : called
      open.set(process, { f, value, done: false })
      events.push({ process, type: 'invoke', f, value })
    } else if (!operation.done) {
      operation.done = true
      if (operation.f === 'write') log.push(operation.value)
      else operation.value = log.at(random() < 0.5 ? -1 : -2) ?? null
    } else {
      open.delete(process)
      events.push({ process, type: 'ok', f: operation.f, value: operation.value })
    }
  }
  return events
}

test('a linearizable history of 200 operations has no stale read, and staleness Δ = 0 and k = 1', () => {
  for (let n = 0; n < 40; n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const over = { operations: 200, store: 'atomic', mutated: 0 } as const
    const history = smallHistory(timed(randomEvents(shapeFrom(random, over), random), random))
    expect(measure(history), `seed ${seed}`).toMatchObject({
      reads: { stale: 0, ambiguous: 0, unexplained: 0 },
      deltaNanos: { atLeast: 0, atMost: 0 },
      k: { atLeast: 1, atMost: 1 },
    })
  }
})

// Each column of a timeline is one millisecond.

test('a read of a value that was overwritten 6 ms earlier is stale by 6 ms and by one version', () => {
  const history = historyOf('w1| w2|', '            r1|')
  expect(measure(history)).toEqual({
    reads: { measured: 1, stale: 1, ambiguous: 0, unexplained: 0 },
    behindNanos: { p50: 6e6, p99: 6e6, max: 6e6 },
    versionsBehind: { p50: 1, p99: 1, max: 1 },
    staleRows: Int32Array.of(2),
    worst: 2,
    deltaNanos: { atLeast: 6e6, atMost: 6e6 },
    k: { atLeast: 2, atMost: 2 },
  })
})

test('stalenessOf returns no bounds of k if the memory limit is too low, and releases its memory after use', () => {
  const history = historyOf('w1| w2|', '            r1|')
  const { encoded, decoder } = encodeRegister(history, reading)
  const staleness = (memoryBytes: number, times = 1) => {
    const budget = createBudget({ deadlineMs: millis(1_000), memoryBytes, now: () => millis(0) })
    return Array.from({ length: times }, () => stalenessOf(encoded, decoder, budget)).map((each) => each?.k)
  }
  expect(staleness(100)).toEqual([undefined])
  expect(staleness(250, 2)).toEqual([
    { atLeast: 2, atMost: 2 },
    { atLeast: 2, atMost: 2 },
  ])
})

test('measureStaleness returns the second lowest of three stalenesses as the median', () => {
  const { versionsBehind } = measure(historyOf('w1| w2|', '            r2| r1| r1|'))
  expect(versionsBehind).toEqual({ p50: 1, p99: 1, max: 1 })
})

test('a read that overlaps the write of a newer value is not stale', () => {
  expect(measure(historyOf('w1| w2---|', '       r1|'))).toMatchObject({
    reads: { measured: 1, stale: 0 },
    deltaNanos: { atLeast: 0, atMost: 0 },
  })
})

test('the measured k is exact even if the order of two overlapping writes depends on a write 20 versions earlier', () => {
  // The reads show that the writes of 1 to 20 took effect directly after one another. So of the writes of 98 and 99,
  // one took effect before the write of 1, and the other after the write of 20. The one before must be the write of 99,
  // because only it was called before the write of 1 returned. But the write of 99 returned last, so the checker first
  // tries it as the last write.
  const others = Array.from({ length: 19 }, (_, n) => `w${n + 2}| r${n + 1}|`).join(' ')
  const long = '-'.repeat(others.length)
  const history = historyOf(`w1| ${others}    r20|`, `   w98${long.slice(2)}|`, ` w99-${long}|`)
  expect(measure(history).k).toEqual({ atLeast: 2, atMost: 2 })
})

test('a read is stale after another read returned a newer value, even if the newer write was never acknowledged', () => {
  expect(measure(historyOf('w1| w2---------------|', '         r2|', '            r1|'))).toMatchObject({
    reads: { measured: 2, stale: 1 },
    behindNanos: { max: 1e6 },
  })
})

test('a read of a value that was written twice is counted as ambiguous, and leaves the upper bound of k open', () => {
  expect(measure(historyOf('w1| w2| w1|', '              r2| r1|'))).toMatchObject({
    reads: { measured: 1, stale: 1, ambiguous: 1 },
    k: { atLeast: 2, atMost: undefined },
  })
})

test('a read of a value that nobody wrote is unexplained, neither fresh nor stale', () => {
  expect(measure(historyOf('w1x', '    r1| r3|'))).toMatchObject({
    reads: { measured: 0, stale: 0, unexplained: 2 },
    behindNanos: undefined,
    k: { atLeast: 1, atMost: undefined },
  })
})

test('the staleness of a history without times is measured in versions, but not in time', () => {
  const event = (type: EventInput['type'], f: string, value: Json): EventInput => ({ process: 0, type, f, value })
  const history = smallHistory(
    [1, 2]
      .flatMap((value) => [event('invoke', 'write', value), event('ok', 'write', value)])
      .concat([event('invoke', 'read', null), event('ok', 'read', 1)]),
  )
  expect(measure(history)).toMatchObject({ versionsBehind: { max: 1 }, behindNanos: undefined, deltaNanos: undefined })
})

test('the staleness Δ is measured even if times exceed 2^53 or contradict the order of events', () => {
  const at = (events: readonly EventInput[], time: (position: number) => number): History =>
    smallHistory(events.map((event, i) => ({ ...event, time: time(i) })))
  const events = timeline('w1| w2|', '            r1|')
  const far = measure(at(events, (i) => 2 ** 70 + i * 2 ** 30)).deltaNanos!
  expect(far.atLeast).toBe(2 ** 30)
  expect(measure(at(events, (i) => -i)).deltaNanos).toBeDefined()
  const overlapping = timeline('w1------| ', '  w2------|', '    r1|')
  expect(measure(at(overlapping, (i) => [5, 9, 1, 2, 3, 4][i]!)).deltaNanos).toBeDefined()
})

test('measureStaleness returns undefined for strings with appends', () => {
  const history = smallHistory([
    { process: 0, type: 'invoke', f: 'append', value: 'a' },
    { process: 0, type: 'ok', f: 'append', value: 'a' },
  ])
  expect(measureStaleness(history, { initial: '', failedCas: 'drop' })).toBeUndefined()
})
