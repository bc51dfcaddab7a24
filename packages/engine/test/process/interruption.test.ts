import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { firstOf } from '../../src/jobs/interruption.ts'

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

test('a combined signal aborts at a timeout even if nothing else references the timeout', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { signal } = firstOf(new AbortController().signal, AbortSignal.timeout(20))
  const end = aborted(signal)
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate)
    collect()
  }
  await end
  expect(signal.aborted).toBe(true)
})

test('a combined signal aborts with the first of its signals, even with one that was already aborted', () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const { signal } = firstOf(one.signal, undefined, other.signal)
  expect(signal.aborted).toBe(false)
  other.abort()
  expect(signal.aborted).toBe(true)
  expect(firstOf(one.signal, other.signal).signal.aborted).toBe(true)
  expect(firstOf(undefined).signal.aborted).toBe(false)
})

test('a combined signal that is released removes its listeners from its signals', () => {
  const one = new AbortController()
  const { signal, release } = firstOf(one.signal)
  release()
  expect(getEventListeners(one.signal, 'abort')).toEqual([])
  one.abort()
  expect(signal.aborted).toBe(false)
})
