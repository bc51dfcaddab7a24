import { type Millis, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { arrive, createStation, finish } from '../../src/station.ts'

const serviceMs = millis(10)
const at = (now: number) => ({ now: millis(now), serviceMs })

/** Serves all waiting jobs with a timer that is late by this much. Returns the time at which the last job is done. */
function timeToServe(jobs: number, lateByMs: number): number {
  const station = createStation<number>()
  const arrivals = Array.from({ length: jobs }, (_, job) => arrive(station, job, jobs, at(0)))
  const [first] = arrivals
  if (first?.type !== 'begins') throw new Error('nothing is before the first')
  let now = 0
  let afterMs: Millis | undefined = first.afterMs
  while (afterMs !== undefined) {
    now += afterMs + lateByMs
    afterMs = finish(station, at(now)).nextAfterMs
  }
  return now
}

describe('a station with a service time', () => {
  test('a station with a service time serves one job at a time, in order of arrival', () => {
    const station = createStation<string>()
    expect(arrive(station, 'a', 3, at(100))).toEqual({ type: 'begins', afterMs: 10 })
    expect(arrive(station, 'b', 3, at(104))).toEqual({ type: 'waits' })
    expect(finish(station, at(110))).toEqual({ done: 'a', nextAfterMs: 10 })
    expect(finish(station, at(120))).toEqual({ done: 'b', nextAfterMs: undefined })
    expect(arrive(station, 'c', 3, at(200))).toEqual({ type: 'begins', afterMs: 10 })
  })

  test('a station refuses jobs when its queue is full', () => {
    const station = createStation<string>()
    arrive(station, 'a', 1, at(0))
    expect(arrive(station, 'b', 1, at(0))).toEqual({ type: 'full' })
    expect(finish(station, at(10))).toEqual({ done: 'a', nextAfterMs: undefined })
  })

  test('a station keeps nearly the same throughput if its timers fire late', () => {
    expect(timeToServe(100, 0)).toBeCloseTo(1_000)
    expect(timeToServe(100, 4)).toBeCloseTo(1_004)
  })

  test('a station does not catch up on the time in which it was paused', () => {
    const station = createStation<string>()
    for (const job of ['a', 'b', 'c']) arrive(station, job, 3, at(0))
    // Paused for a second.
    expect(finish(station, at(1_000))).toEqual({ done: 'a', nextAfterMs: 10 })
    expect(finish(station, at(1_010))).toEqual({ done: 'b', nextAfterMs: 10 })
  })
})
