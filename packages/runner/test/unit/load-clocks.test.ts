import { check, type Report } from '@chaosproxy/checker'
import { type Event, type EventInput, historyFromEvents, millis, nanos } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { createClockBounds } from '../../src/load/clock-bounds.ts'
import { createMerge } from '../../src/load/merge.ts'
import type { LoadEntry } from '../../src/load/remote-load.ts'

// The operations of two workers on one register, timed by their clocks. One clock is 50 ms ahead, the other 50 ms
// behind, and they drift apart. Only the test knows the true times.

const MS = 1e6
const AHEAD = [50 * MS, -50 * MS] as const
const DRIFT = [300e-6, -300e-6] as const

interface Done {
  readonly worker: number
  readonly process: number
  readonly called: number
  readonly returned: number
  readonly f: 'read' | 'write'
  readonly value: number
}

const clockOf = (worker: number, truth: number) =>
  nanos(Math.round(truth * (1 + (DRIFT[worker] ?? 0)) + (AHEAD[worker] ?? 0)))

/** Returns the events that the run records if each exchange with a worker's clock takes this long. */
function recorded(operations: readonly Done[], exchange: () => number): Event[] {
  const events: Event[] = []
  let now = 0
  const workers = AHEAD.map((_, worker) => ({ name: String(worker + 1), bounds: createClockBounds() }))
  const merge = createMerge({
    workers,
    startedAt: nanos(0),
    now: () => nanos(now),
    append: (event) => events.push(event),
  })
  const end = Math.max(...operations.map(({ returned }) => returned)) + 400 * MS
  for (let at = 0; at < end; at += 20 * MS)
    for (const [worker, { bounds }] of workers.entries()) {
      const [there, back] = [exchange(), exchange()]
      now = at + back
      bounds.add({ sent: nanos(at - there), remote: clockOf(worker, at), received: nanos(now) })
      const told = entriesOf(operations.filter((each) => each.worker === worker))
      const isNew = ({ time }: LoadEntry): boolean =>
        time > clockOf(worker, at - 20 * MS) && time <= clockOf(worker, at)
      merge.received(worker, told.filter(isNew), clockOf(worker, at))
    }
  for (const worker of [0, 1]) expect(merge.ended(worker, 'lost')).toBe(0)
  return events
}

function entriesOf(operations: readonly Done[]): readonly LoadEntry[] {
  return operations
    .flatMap(({ worker, process, called, returned, f, value }): LoadEntry[] => [
      { type: 'planned', process, time: clockOf(worker, called), node: 'n1', f, value: f === 'read' ? null : value },
      { type: 'asked', process, time: clockOf(worker, called) },
      { type: 'completed', process, time: clockOf(worker, returned), completion: { type: 'ok', value } },
    ])
    .sort((one, other) => one.time - other.time)
}

/** Generates the operations of clients on an atomic register. */
function atomic(random: () => number): Done[] {
  const operations = Array.from({ length: 6 }, (_, process) => process).flatMap((process) => {
    let now = (1 + random()) * MS
    return Array.from({ length: 40 }, () => {
      const called = now
      const effect = called + (0.5 + random() * 2) * MS
      const returned = effect + (0.5 + random() * 2) * MS
      now = returned + random() * 5 * MS
      return { worker: process % 2, process, called, effect, returned, f: random() < 0.5 ? 'read' : 'write' } as const
    })
  })
  let value = 0
  return operations
    .sort((one, other) => one.effect - other.effect)
    .map(({ effect: _, ...operation }) => ({ ...operation, value: operation.f === 'write' ? ++value : value }))
}

const judge = (events: readonly EventInput[]): Report =>
  check(historyFromEvents(events), {
    model: 'register',
    initial: 0,
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(20_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  }) as Report

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('a history recorded with two skewed clocks', () => {
  test('a history with two skewed clocks is found linearizable if the clocks are measured', () => {
    const random = randomFrom(inject('seed'))
    const operations = atomic(random)
    const report = judge(recorded(operations, () => (0.1 + random() * 0.2) * MS))
    expect(report.levels.linearizable.result).toBe('met')
    expect(report.clocks).toMatchObject({ clocks: 2, undecided: [] })
    const believed = operations
      .flatMap(({ worker, process, called, returned, f, value }): (EventInput & { readonly time: number })[] => [
        { process, type: 'invoke', f, value: f === 'read' ? null : value, time: clockOf(worker, called) + 60 * MS },
        { process, type: 'ok', f, value, time: clockOf(worker, returned) + 60 * MS },
      ])
      .sort((one, other) => one.time - other.time)
    expect(judge(believed).levels.linearizable.result).toBe('violated')
  })

  test('a linearizable history with two skewed clocks is not found violated, even if clock exchanges are slow', () => {
    const random = randomFrom(inject('seed') + 1)
    for (let trial = 0; trial < 8; trial++) {
      const longest = random() ** 3 * 15 * MS
      const report = judge(recorded(atomic(random), () => random() * longest))
      expect(report.levels.linearizable.result).not.toBe('violated')
    }
  })

  /** A read of an old value by another worker. The read begins `laterBy` after the write of the new value returned. */
  const stale = (laterBy: number): readonly Done[] => [
    { worker: 0, process: 0, called: 200 * MS, returned: 210 * MS, f: 'write', value: 1 },
    { worker: 0, process: 0, called: 220 * MS, returned: 230 * MS, f: 'write', value: 2 },
    { worker: 1, process: 1, called: 230 * MS + laterBy, returned: 240 * MS + laterBy, f: 'read', value: 1 },
  ]

  test('a read that is stale for longer than the clock error violates linearizable', () => {
    const report = judge(recorded(stale(3 * MS), () => 0.5 * MS))
    expect(report.levels.linearizable.result).toBe('violated')
  })

  test('a read that is stale for less than the clock error leaves linearizable undecided', () => {
    const report = judge(recorded(stale(1 * MS), () => 3 * MS))
    expect(report.levels.linearizable).toMatchObject({
      result: 'unknown',
      reason: {
        text: expect.stringContaining('the 2 clocks of the workers agreed with the reference clock only to within'),
      },
    })
  })
})
