import { millis } from '@chaosproxy/history'
import { outsidePromises } from '@chaosproxy/node-simulator'
import { expect, test } from 'vitest'
import { takeUncaught } from '../../src/world/drain.ts'
import { advanceInTime, type Ended } from '../../src/world/time-limit.ts'

/**
 * Simulates the operating system's information about the processors. Each measured call seems to use `usedMs`
 * milliseconds of processor time.
 */
const processors = (share: number, usedMs: number) => {
  let [calls, usedBefore] = [0, 0]
  return {
    share: () => share,
    usedMs() {
      calls++
      if (calls % 2 === 0) usedBefore += usedMs
      return usedBefore
    },
  }
}

async function endOf(share: number, usedMs: number): Promise<Ended | undefined> {
  const forever = (): undefined => {
    for (;;);
  }
  let how: Ended | undefined
  const ended = (given: Ended): Error => {
    how = given
    return new RangeError('ended')
  }
  const running = outsidePromises(() => {
    const release = takeUncaught(() => {})
    try {
      advanceInTime(millis(50), forever, { ended, processors: processors(share, usedMs) })
    } finally {
      release()
    }
  })
  await expect(running).rejects.toThrow('ended')
  return how
}

test('a program is reported as stuck only if it had the processor for the whole time limit', async () => {
  expect(await endOf(1, 50)).toEqual({ afterMs: 50, isStuck: true })
  expect(await endOf(1, 20)).toEqual({ afterMs: 50, isStuck: false })
})

test('the time limit of a turn grows up to tenfold if other processes keep the processors busy', async () => {
  expect(await endOf(0.5, 50)).toEqual({ afterMs: 100, isStuck: true })
  expect(await endOf(0.01, 50)).toEqual({ afterMs: 500, isStuck: true })
})
