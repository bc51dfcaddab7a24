import { describe, expect, test } from 'vitest'
import { watchMemory } from '../../src/world/memory.ts'

const MB = 2 ** 20

/**
 * Simulates events that each add this much memory, and checks the memory after each of them. Returns the number of the
 * event at which the check fails.
 */
function eventsUntilFull(
  grow: { readonly heapMb?: number; readonly buffersMb?: number },
  events: number,
  { beforeMb, limitMb }: { readonly beforeMb: number; readonly limitMb: number } = { beforeMb: 50, limitMb: 800 },
): number {
  let [heapBytes, bufferBytes] = [beforeMb * MB, 700 * MB]
  const look = watchMemory(
    () => ({ heapBytes, bufferBytes, heapLimitBytes: limitMb * MB }),
    () => {},
  )
  for (let event = 1; event <= events; event++) {
    heapBytes += (grow.heapMb ?? 0) * MB
    bufferBytes += (grow.buffersMb ?? 0) * MB
    try {
      look('n2')
    } catch (error) {
      expect((error as Error).message).toMatch(
        /^n2 takes more memory than there is: \d+ MB of objects and \d+ MB of buf/,
      )
      return event
    }
  }
  return Number.POSITIVE_INFINITY
}

/** Returns the number of garbage collections for a program that keeps a part of its objects in memory. */
function collections(madeMb: number, keptMb: number, events: number): number {
  let [heapBytes, kept, count] = [50 * MB, 50 * MB, 0]
  const look = watchMemory(
    () => ({ heapBytes, bufferBytes: 0, heapLimitBytes: 800 * MB }),
    () => {
      count++
      heapBytes = kept
    },
  )
  for (let event = 0; event < events; event++) {
    heapBytes += madeMb * MB
    kept += keptMb * MB
    look('n1')
  }
  return count
}

describe('the memory of simulated programs', () => {
  test('the memory of programs is garbage-collected before a program is refused for using too much of it', () => {
    expect(collections(10, 0, 1_000)).toBeGreaterThan(10)
    expect(collections(10, 0.4, 1_000)).toBeGreaterThan(10)
    expect(() => collections(10, 1, 1_000)).toThrow(
      /^n1 takes more memory than there is: 5\d\d MB of objects and 0 MB of/,
    )
  })

  test('the memory of programs needs few garbage collections even if a program nearly reaches its limit', () => {
    expect(collections(1, 0.519, 900)).toBeLessThan(30)
  })

  test('the memory of programs is garbage-collected without a command-line option of Node', async () => {
    const made = new WeakRef({})
    // The constructor of `WeakRef` keeps the object alive until the current synchronous execution ends (ECMA-262,
    // AddToKeptObjects), as does `deref`.
    await new Promise(setImmediate)
    let heapBytes = 0
    const look = watchMemory(() => ({ heapBytes, bufferBytes: 0, heapLimitBytes: 800 * MB }))
    heapBytes = 2_000 * MB
    for (let event = 1; event < 8; event++) look('n1')
    expect(made.deref()).toBeDefined()
    await new Promise(setImmediate)
    expect(() => look('n1')).toThrow('n1 takes more memory than there is')
    expect(made.deref()).toBeUndefined()
    expect('gc' in globalThis).toBe(process.execArgv.includes('--expose-gc'))
  })

  test('the memory of simulated programs may grow up to the limit of the thread', () => {
    expect(eventsUntilFull({}, 1_000)).toBe(Number.POSITIVE_INFINITY)
    expect(eventsUntilFull({ heapMb: 1, buffersMb: 1 }, 400)).toBe(Number.POSITIVE_INFINITY)
  })

  test('the memory of simulated programs excludes the memory that was used before the run', () => {
    const large = { beforeMb: 2_000, limitMb: 4_000 }
    expect(eventsUntilFull({ heapMb: 1 }, 400, large)).toBe(Number.POSITIVE_INFINITY)
    expect(eventsUntilFull({ heapMb: 1 }, 1_000, large)).toBeLessThan(600)
  })

  test('the memory of programs is limited so that a run ends before its thread runs out of memory', () => {
    expect(eventsUntilFull({ heapMb: 32 }, 100) * 32 + 50).toBeLessThan(0.8 * 800)
    expect(eventsUntilFull({ buffersMb: 64 }, 100) * 64).toBeLessThan(1_024)
  })
})
