import { type EventInput, type History, historyFromEvents } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { seenBy } from '../../src/clocks/seen-by.ts'
import { checkHistory, resultOf, timeline } from '../checking.ts'
import { many } from '../many.ts'
import { modelOf } from '../registry.ts'

// Tests histories whose events are timed by several clocks. The offset of each clock is known within bounds. The
// checker must never report a violation of a linearizable history because the clocks disagree.

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const MS = 1e6

interface TrueEvent {
  readonly at: number
  readonly worker: number
  readonly event: EventInput
}

/**
 * The events of clients of an atomic register, by true time. Each operation takes effect at some moment between its
 * call and its return.
 */
function atomicEvents(random: () => number): TrueEvent[] {
  const operations = Array.from({ length: 6 }, (_, process) => process).flatMap((process) => {
    let now = random() * MS
    return Array.from({ length: 12 }, () => {
      const called = now
      const effect = called + random() * MS
      const returned = effect + random() * MS
      now = returned + random() * MS
      return { process, called, effect, returned, key: random() < 0.5 ? 'x' : 'y', isWrite: random() < 0.5 }
    })
  })
  const values = new Map<string, number>()
  let written = 0
  return operations
    .sort((a, b) => a.effect - b.effect)
    .flatMap(({ process, called, returned, key, isWrite }): TrueEvent[] => {
      if (isWrite) values.set(key, ++written)
      const value = values.get(key) ?? null
      const isLost = random() < 0.05
      const common = { process, f: isWrite ? 'write' : 'read', key }
      const worker = process % 2
      return [
        { at: called, worker, event: { ...common, type: 'invoke', value: isWrite ? value : null } },
        { at: returned, worker, event: { ...common, type: isLost ? 'info' : 'ok', value } },
      ]
    })
}

/** The events as two clocks time them. Each clock is off by less than `within`, and drifts. */
function observed(events: readonly TrueEvent[], within: number, random: () => number): EventInput[] {
  const drift = [0, 1].map(() => ({ start: (random() * 2 - 1) * within * 0.8, rate: (random() * 2 - 1) * 0.19 }))
  const length = Math.max(...events.map(({ at }) => at))
  const timed = events.map(({ at, worker, event }) => {
    const { start = 0, rate = 0 } = drift[worker] ?? {}
    const time = Math.round(at + start + (rate * within * at) / length)
    return { ...event, time, extra: { clock: `${worker}`, within: Math.ceil(within) } }
  })
  // After an unknown outcome, a process continues under another name.
  return retired(timed.sort((a, b) => a.time - b.time))
}

function retired(events: readonly (EventInput & { readonly time: number })[]): EventInput[] {
  const lives = new Map<unknown, number>()
  return events.map((event) => {
    const life = lives.get(event.process) ?? 0
    if (event.type === 'info') lives.set(event.process, life + 1)
    return { ...event, process: `${event.process}.${life}` }
  })
}

const { levels } = modelOf('register')
const judge = (events: readonly EventInput[], explain = false) =>
  checkHistory(historyFromEvents(events), { explain, levels: levels as never })

describe('a history recorded by several clocks', () => {
  test('a linearizable system has no violation, however much the clocks of its history disagree', () => {
    const random = randomFrom(inject('seed'))
    const results = { met: 0, unknown: 0, violated: 0 }
    for (let trial = 0; trial < many(150); trial++) {
      const within = random() ** 3 * 20 * MS
      const report = judge(observed(atomicEvents(random), within, random))
      results[resultOf(report, 'linearizable')] += 1
      for (const level of levels) expect(report.levels[level as 'linearizable'].result).not.toBe('violated')
    }
    expect(results.violated).toBe(0)
    expect(results.met).toBeGreaterThan(0)
    expect(results.unknown).toBeGreaterThan(0)
  })

  test('a linearizable system is found linearizable, and no order is undecided, if the clocks nearly agree', () => {
    const random = randomFrom(inject('seed') + 1)
    for (let trial = 0; trial < many(20); trial++) {
      const report = judge(observed(atomicEvents(random), 1, random))
      expect(resultOf(report, 'linearizable')).toBe('met')
      expect(report.clocks).toMatchObject({ clocks: 2, cramped: 0, undecided: [] })
    }
  })
})

/** One clock times the first process, and another clock times all others. */
const byTwoClocks = (within: number, ...rows: readonly string[]): EventInput[] =>
  timeline(...rows).map((event) => ({ ...event, extra: { clock: event.process === 0 ? 'a' : 'b', within } }))

describe('a stale read', () => {
  const rows = ['w1---|   w2---|', '                 r1---|']

  test('a stale read is a violation if it began after the return of the write by more than the clock error', () => {
    const report = judge(byTwoClocks(1 * MS, ...rows), true)
    expect(resultOf(report, 'linearizable')).toBe('violated')
    expect(resultOf(report, 'sequential')).toBe('met')
    expect(report.clocks?.undecided).toEqual([])
  })

  test('a stale read within the clock error leaves linearizable unknown, and the reason names the clock error', () => {
    const report = judge(byTwoClocks(2 * MS, ...rows))
    const { linearizable } = report.levels
    expect(linearizable).toMatchObject({ result: 'unknown', reason: { text: expect.stringContaining('±2.0 ms') } })
    expect(linearizable).toMatchObject({
      reason: { text: expect.stringContaining('the real-time order of 1 pair of operations is unknown') },
    })
    expect(report.clocks).toMatchObject({ unordered: 1, undecided: ['linearizable'] })
  })

  test('a stale read between two processes of one worker is a violation, whatever the clock error', () => {
    const rows = ['w7---|', 'w1---| w2---|', '                r1---|']
    const ofOther = (event: EventInput) => ({ ...event, process: `${event.process}` })
    const report = judge(byTwoClocks(50 * MS, ...rows).map(ofOther), true)
    expect(resultOf(report, 'linearizable')).toBe('violated')
    expect(resultOf(report, 'sequential')).toBe('met')
    expect(report.levels.linearizable).toMatchObject({
      counterexample: { sentence: expect.stringContaining('Client 2 read 1') },
    })
    // Here the read is called earlier. The violation is not certain: the read may have begun before the write of 2
    // returned.
    const near = byTwoClocks(50 * MS, 'w7---|', 'w1---| w2---|', '           r1---|').map(ofOther)
    expect(resultOf(judge(near), 'linearizable')).not.toBe('violated')
  })

  test('a read that misses a write of its own process is a violation, even if clocks are wrong', () => {
    const report = judge(byTwoClocks(50 * MS, 'w1---| w2---| r1---|', 'r1---|'))
    expect(resultOf(report, 'sequential')).toBe('violated')
    expect(resultOf(report, 'linearizable')).toBe('violated')
  })
})

test('a read of a value that nobody wrote is a violation at every level, whatever the error of the clocks', () => {
  const report = judge(byTwoClocks(50 * MS, 'w1---|', '   r7---|'))
  for (const level of ['linearizable', 'sequential', 'causal'] as const)
    expect(resultOf(report, level)).toBe('violated')
})

test('linearizable is unknown if it depends on the order of two operations within the clock error', () => {
  const report = judge(byTwoClocks(5 * MS, 'w1-|', '     r1-|'))
  expect(resultOf(report, 'linearizable')).toBe('unknown')
  expect(resultOf(report, 'sequential')).toBe('met')
  expect(report.clocks).toMatchObject({ cramped: 2, unordered: 2 })
})

test('check derives no real-time order from a clock that the recorder reports as broken', () => {
  const events = byTwoClocks(1, 'w1---|   w2---|', '                           r1---|')
  const broken: EventInput = { process: 'recorder', type: 'info', f: 'clock-broken', value: { clock: 'b' } }
  expect(resultOf(judge(events), 'linearizable')).toBe('violated')
  const report = judge([...events, broken])
  expect(resultOf(report, 'linearizable')).toBe('unknown')
  expect(report.clocks?.withinNanos.max).toBeNull()
})

test('seenBy returns every true real-time order on one clock, and no false order between any operations', () => {
  const random = randomFrom(inject('seed') + 2)
  let orders = 0
  for (let trial = 0; trial < many(60); trial++) {
    const within = random() ** 2 * 5 * MS
    const events = atomicEvents(random)
    const history = historyFromEvents(observed(events, within, random))
    const { operations, clocks } = history
    if (clocks === undefined) throw new Error('its events name clocks')
    const truth = trueTimes(events, history)
    for (const clock of clocks.names.keys()) {
      const seen = seenBy(clock, clocks, history)
      if (seen === undefined) throw new Error('its clocks keep their bounds')
      const { rows, history: view } = seen
      const { callEvent, returnEvent } = view.operations
      expect([...callEvent]).toEqual([...callEvent].sort((a, b) => a - b))
      expect([...rows].sort((a, b) => a - b)).toEqual([...Array(operations.length).keys()])
      for (const [a, before] of rows.entries())
        for (const [b, after] of rows.entries()) {
          if (returnEvent[a] === -1) continue
          const isReal = truth.returned[before]! < truth.called[after]!
          const isSeen = returnEvent[a]! < callEvent[b]!
          if (isSeen && !isReal) expect.fail(`${before} was not before ${after}`)
          const isOwn = [before, after].every(
            (row) => clocks.clock[operations.callLine[row]!] === clock && operations.returnEvent[row] !== -1,
          )
          if (isOwn && isReal && !isSeen) expect.fail(`${before} was before ${after}`)
          orders += Number(isSeen)
        }
    }
  }
  expect(orders).toBeGreaterThan(1_000)
})

/** For each operation, the true times of its call and return. Each client's operations come one after another. */
function trueTimes(events: readonly TrueEvent[], { operations, processName }: History) {
  const byClient = (type: string) => {
    const times = new Map<string, number[]>()
    for (const { at, event } of events.toSorted((a, b) => a.at - b.at)) {
      if ((event.type === 'invoke') !== (type === 'invoke')) continue
      const name = `${event.process}`
      times.set(name, [...(times.get(name) ?? []), at])
    }
    return times
  }
  const [calls, ends] = [byClient('invoke'), byClient('end')]
  const next = new Map<string, number>()
  const called: number[] = []
  const returned: number[] = []
  for (let row = 0; row < operations.length; row++) {
    const client = processName(operations.process[row]!).split('.')[0]!
    const n = next.get(client) ?? 0
    next.set(client, n + 1)
    called.push(calls.get(client)![n]!)
    returned.push(ends.get(client)![n]!)
  }
  return { called, returned }
}
