import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Worker } from '../../src/queue/packages.ts'
import { createRest } from '../../src/queue/worker/rest.ts'

/** Replaces a BullMQ worker. Only knows whether the worker takes jobs or rests. */
function createWorker() {
  let takes = true
  const worker: Worker = {
    setMaxListeners: () => undefined,
    on: () => undefined,
    close: async () => undefined,
    waitUntilReady: async () => undefined,
    pause: async () => {
      takes = false
    },
    resume: async () => {
      takes = true
    },
  }
  return { worker, takes: () => takes }
}

/** The number of seconds until the worker takes jobs again. */
async function secondsUntil(takes: () => boolean): Promise<number> {
  let seconds = 0
  for (; !takes() && seconds < 60; seconds++) await vi.advanceTimersByTimeAsync(1_000)
  return seconds
}

describe('a worker that failed to run a job', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('a worker rests longer after each further failed job, up to a limit', async () => {
    const { worker, takes } = createWorker()
    const rest = createRest()
    const rested: number[] = []
    for (let i = 0; i < 5; i++) {
      await rest.begin([worker])
      rested.push(await secondsUntil(takes))
    }
    expect(rested).toEqual([3, 6, 12, 12, 12])
    rest.end()
    await rest.begin([worker])
    expect(await secondsUntil(takes)).toBe(3)
  })

  test('a worker rests longer if another job fails during the rest', async () => {
    const { worker, takes } = createWorker()
    const rest = createRest()
    await rest.begin([worker])
    await vi.advanceTimersByTimeAsync(1_000)
    await rest.begin([worker])
    expect(await secondsUntil(takes)).toBe(6)
  })

  test('a worker that rests takes no further job once it is closing', async () => {
    const { worker, takes } = createWorker()
    const rest = createRest()
    await rest.begin([worker])
    rest.close()
    await rest.begin([worker])
    expect(await secondsUntil(takes)).toBe(60)
    expect(vi.getTimerCount()).toBe(0)
  })
})
