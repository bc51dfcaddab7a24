import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { createClock } from '../../src/network/clock.ts'

const inMs = (from: number, afterMs: number) => nanos(from + afterMs * 1e6)

test('alarms that fell due while the process was busy ring in order of time', async () => {
  const clock = createClock(process.hrtime.bigint())
  const rung: number[] = []
  const from = clock.now()
  const all = new Promise<void>((resolve) => {
    for (const afterMs of [5, 1.5, 3, 0.2, 1, 4, 2, 0]) clock.at(inMs(from, afterMs), () => rung.push(afterMs))
    clock.at(inMs(from, 6), resolve)
  })
  while (clock.now() < inMs(from, 7));
  expect(rung).toEqual([])
  await all
  expect(rung).toEqual([0, 0.2, 1, 1.5, 2, 3, 4, 5])
})

test('an alarm rings once, never early, and never after its cancellation', async () => {
  const clock = createClock(process.hrtime.bigint())
  const from = clock.now()
  const rung: string[] = []
  await new Promise<void>((resolve) => {
    const cancelFirst = clock.at(inMs(from, 1), () => rung.push('cancelled'))
    clock.at(inMs(from, 10.3), () => rung.push(`on time ${clock.now() >= inMs(from, 10.3)}`))
    clock.at(inMs(from, 20), resolve)
    cancelFirst()
    cancelFirst()
  })
  expect(rung).toEqual(['on time true'])
})

test('an overdue alarm that a callback sets rings in a later turn of the event loop', async () => {
  const clock = createClock(process.hrtime.bigint())
  const turns: string[] = []
  await new Promise<void>((resolve) => {
    clock.at(nanos(0), () => {
      clock.at(nanos(0), () => {
        turns.push('second')
        resolve()
      })
      turns.push('first')
    })
  })
  expect(turns).toEqual(['first', 'second'])
})

test('no alarm rings after the clock is stopped', async () => {
  const clock = createClock(process.hrtime.bigint())
  const rung: string[] = []
  const from = clock.now()
  clock.at(inMs(from, 1), () => {
    rung.push('before')
    clock.stop()
    clock.at(inMs(from, 2), () => rung.push('asked for later'))
  })
  clock.at(inMs(from, 1), () => rung.push('due at the same time'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(rung).toEqual(['before'])
})
