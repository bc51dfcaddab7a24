import { describe, expect, test } from 'vitest'
import {
  beginUnit,
  countCall,
  createProcessorShare,
  createProgress,
  createWatch,
  describeCall,
  enter,
  readDescription,
} from '../../src/watchdog/index.ts'

const LIMITS = { looks: 3, growthBytes: 10, muchBytes: 100 }

/** Calls `look` this many times in succession, and returns the results. */
const looksAt = (watch: ReturnType<typeof createWatch>, count: number) =>
  Array.from({ length: count }, () => watch.look())

describe('the watchdog of user code', () => {
  test('the watchdog reports a hanging call after several checks without progress', () => {
    const progress = createProgress()
    const watch = createWatch(progress, LIMITS, () => 0)
    expect(looksAt(watch, 5)).toEqual(Array(5).fill(undefined))
    countCall(progress)
    enter(progress, 1)
    expect(looksAt(watch, 5)).toEqual([undefined, undefined, undefined, 'hanging', 'hanging'])
  })

  test("the watchdog waits longer for a call that had only a part of the processor's time", () => {
    const progress = createProgress()
    const watch = createWatch(progress, LIMITS, () => 0)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    expect(Array.from({ length: 6 }, () => watch.look(0.5))).toEqual([...Array(5).fill(undefined), 'hanging'])
  })

  test('the watchdog divides the processor time of a process among its busy threads', () => {
    let used = 5_000_000
    const share = createProcessorShare(50, () => used)
    const shareAfter = (ms: number, busy: number): number => {
      used += 1_000 * ms
      return share(busy)
    }
    expect([shareAfter(50, 1), shareAfter(90, 1), shareAfter(50, 2), shareAfter(100, 2)]).toEqual([1, 1, 0.5, 1])
    // A thread that uses no processor time may be waiting for ever, so its share has a minimum.
    expect([shareAfter(0, 1), shareAfter(1, 2)]).toEqual([0.1, 0.1])
  })

  test('the watchdog reports no hang if a call returns, or another call or seed begins, between two checks', () => {
    const progress = createProgress()
    const watch = createWatch(progress, LIMITS, () => 0)
    enter(progress, 1)
    for (const next of [() => countCall(progress), () => beginUnit(progress, 7), () => enter(progress, 0)]) {
      looksAt(watch, 2)
      next()
      expect(looksAt(watch, 3)).toEqual([undefined, undefined, undefined])
    }
    expect(watch.last()).toEqual({ unit: 7, calls: 0, within: 0 })
  })

  test('the watchdog waits longer for a call that has allocated memory, since the garbage collector may run', () => {
    const progress = createProgress()
    let bytes = 0
    const watch = createWatch(progress, LIMITS, () => bytes)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    for (bytes of [20, 40, 60, 80, 100]) {
      expect(watch.look()).toBeUndefined()
      expect(looksAt(watch, 11)).toEqual(Array(11).fill(undefined))
    }
    bytes = 120
    expect(looksAt(watch, 4)).toEqual([undefined, undefined, undefined, 'memory'])
    countCall(progress)
    watch.look()
    bytes = 150
    expect(looksAt(watch, 13)).toEqual([...Array(12).fill(undefined), 'hanging'])
  })

  test('the watchdog reports nothing while memory grows, and blames memory if a call hangs afterwards', () => {
    const progress = createProgress()
    let bytes = 0
    const watch = createWatch(progress, LIMITS, () => bytes)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    for (bytes of [50, 100, 150, 200]) expect(watch.look()).toBeUndefined()
    expect(looksAt(watch, 3)).toEqual([undefined, undefined, 'memory'])
  })

  test('the watchdog counts the memory that a call allocated before the first check', () => {
    const progress = createProgress()
    let bytes = 900
    const watch = createWatch(progress, { ...LIMITS, bytesAtStart: 700 }, () => bytes)
    countCall(progress)
    enter(progress, 1)
    expect(looksAt(watch, 4)).toEqual([undefined, undefined, undefined, 'memory'])
    countCall(progress)
    expect(looksAt(watch, 4)).toEqual([undefined, undefined, undefined, 'hanging'])
    countCall(progress)
    bytes = 1_100
    expect(looksAt(watch, 4)).toEqual([undefined, undefined, undefined, 'memory'])
  })

  test('the watchdog blames memory even if another thread frees as much memory meanwhile', () => {
    const progress = createProgress()
    let bytes = 1_000
    const watch = createWatch(progress, LIMITS, () => bytes)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    for (bytes of [1_150, 600]) watch.look()
    expect(looksAt(watch, 2)).toEqual([undefined, 'memory'])
  })

  test('the watchdog stops a call immediately if the memory of the process exceeds the limit', () => {
    const progress = createProgress()
    let bytes = 0
    const watch = createWatch(progress, { ...LIMITS, mostBytes: 300 }, () => bytes)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    bytes = 301
    expect(watch.look()).toBe('memory')
  })

  test('the watchdog stops a call immediately if the process grows by more than the limit', () => {
    const progress = createProgress()
    let bytes = 1_000
    const watch = createWatch(progress, { ...LIMITS, mostGrowthBytes: 300 }, () => bytes)
    countCall(progress)
    enter(progress, 1)
    watch.look()
    for (bytes of [1_100, 1_300]) expect(watch.look()).toBeUndefined()
    bytes = 1_301
    expect(watch.look()).toBe('memory')
  })

  test('the watchdog reads the memory of the process only during a check', () => {
    let asked = 0
    const watch = createWatch(createProgress(), LIMITS, () => ++asked)
    expect(asked).toBe(0)
    watch.look()
    expect(asked).toBe(1)
  })

  test('the watchdog requests a description only of the chosen call, and keeps its first 1,000 characters', () => {
    const progress = createProgress(2)
    expect([countCall(progress), countCall(progress), countCall(progress)]).toEqual([false, true, false])
    describeCall(progress, 'x'.repeat(5_000))
    expect(readDescription(progress)).toHaveLength(1_000)
  })
})
