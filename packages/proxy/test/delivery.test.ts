import { createRandom } from '@chaos/faults'
import { millis } from '@chaos/history'
import type { LinkFault, Rules } from '@chaos/proxy'
import { combineFaults, drawDelayMs, planDelivery, queueLimitBytes } from '@chaos/proxy'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const links = [{ from: 'n1', to: 'n2' }]
const latency = (latencyMs: number, jitterMs = 0) =>
  ({ kind: 'latency', links, latencyMs: millis(latencyMs), jitterMs: millis(jitterMs) }) as const
const bandwidth = (bytesPerSecond: number) => ({ kind: 'bandwidth', links, bytesPerSecond }) as const
const partition = (mode: 'hold' | 'drop') => ({ kind: 'partition', links, mode }) as const
const rules = (...faults: Exclude<LinkFault, { kind: 'reset' }>[]) => combineFaults(faults)
const noChance = () => {
  throw new Error('no chance is needed here')
}

/** Delivers a whole chunk, and says when each piece was due. Time stands at each piece's own due time. */
function deliverAll(standing: Rules, sizeBytes: number, delayMs = 0) {
  const pieces: { atMs: number; sizeBytes: number }[] = []
  let freeAtMs = 0
  let nowMs = 0
  let left = sizeBytes
  while (left > 0) {
    const delivery = planDelivery(standing, { sizeBytes: left, arrivedAtMs: 0, delayMs }, freeAtMs, nowMs)
    if (delivery.kind !== 'deliver') throw new Error(delivery.kind)
    pieces.push({ atMs: delivery.atMs, sizeBytes: delivery.sizeBytes })
    left -= delivery.sizeBytes
    freeAtMs = delivery.freeAtMs
    nowMs = Math.max(nowMs, delivery.atMs)
  }
  return pieces
}

test('without faults everything is due at once, whole, and no chance is drawn', () => {
  expect(drawDelayMs(rules(), noChance)).toBe(0)
  expect(planDelivery(rules(), { sizeBytes: 9, arrivedAtMs: 5, delayMs: 0 }, 0, 5)).toEqual({
    kind: 'deliver',
    sizeBytes: 9,
    atMs: 5,
    freeAtMs: 0,
  })
})

describe('cuts', () => {
  const chunk = { sizeBytes: 9, arrivedAtMs: 0, delayMs: 0 }
  test('a hold holds, a drop and a blackhole drop', () => {
    expect(planDelivery(rules(partition('hold')), chunk, 0, 0).kind).toBe('hold')
    expect(planDelivery(rules(partition('drop')), chunk, 0, 0).kind).toBe('drop')
    expect(planDelivery(rules({ kind: 'blackhole', links }), chunk, 0, 0).kind).toBe('drop')
  })
  test('a drop wins over a hold, in whichever order they came', () => {
    expect(rules(partition('hold'), partition('drop')).cut).toBe('drop')
    expect(rules(partition('drop'), partition('hold')).cut).toBe('drop')
  })
  test('the end of a stream is cut like data', () => {
    expect(planDelivery(rules(partition('hold')), { ...chunk, sizeBytes: 0 }, 0, 0).kind).toBe('hold')
  })
})

describe('latency', () => {
  test('is counted from when the chunk arrived, not from when it reached the head of the queue', () => {
    const delivery = planDelivery(rules(latency(50)), { sizeBytes: 9, arrivedAtMs: 100, delayMs: 50 }, 0, 130)
    expect(delivery).toMatchObject({ atMs: 150 })
  })
  test('several add up', () => {
    expect(drawDelayMs(rules(latency(50), latency(20)), noChance)).toBe(70)
  })
  test('jitter lies evenly on both sides and never makes a delay negative', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 100, noNaN: true }), (seed, jitterMs) => {
        const random = createRandom(seed)
        for (let i = 0; i < 20; i++) {
          const delayMs = drawDelayMs(rules(latency(50, jitterMs)), () => random)
          expect(delayMs).toBeGreaterThanOrEqual(Math.max(0, 50 - jitterMs))
          expect(delayMs).toBeLessThanOrEqual(50 + jitterMs)
        }
      }),
    )
  })
})

describe('bandwidth', () => {
  test('passes a chunk in pieces, none earlier and none later than the rate allows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0, max: 200, noNaN: true }),
        (bytesPerSecond, sizeBytes, delayMs) => {
          let sent = 0
          for (const piece of deliverAll(rules(bandwidth(bytesPerSecond)), sizeBytes, delayMs)) {
            sent += piece.sizeBytes
            expect(piece.atMs).toBeCloseTo((sent * 1000) / bytesPerSecond + delayMs, 3)
          }
          expect(sent).toBe(sizeBytes)
        },
      ),
    )
  })
  test('of two limits the narrower one counts', () => {
    expect(rules(bandwidth(1000), bandwidth(10)).bytesPerSecond).toBe(10)
  })
  test('a limit of 0 lets nothing pass', () => {
    expect(planDelivery(rules(bandwidth(0)), { sizeBytes: 1, arrivedAtMs: 0, delayMs: 0 }, 0, 1e9).kind).toBe('hold')
  })
  test('after a stall only a tenth of a second is made up for', () => {
    const standing = rules(bandwidth(1_000_000))
    let freeAtMs = 0
    let burst = 0
    for (;;) {
      const delivery = planDelivery(standing, { sizeBytes: 1e9, arrivedAtMs: 0, delayMs: 0 }, freeAtMs, 60_000)
      if (delivery.kind !== 'deliver' || delivery.atMs > 60_000) break
      burst += delivery.sizeBytes
      freeAtMs = delivery.freeAtMs
    }
    expect(burst).toBe(100_000)
  })
  test('a piece that takes longer than the catch-up comes due all the same', () => {
    const standing = rules(bandwidth(0.5))
    const chunk = { sizeBytes: 3, arrivedAtMs: 0, delayMs: 0 }
    for (const nowMs of [0, 500, 1999]) expect(planDelivery(standing, chunk, 0, nowMs)).toMatchObject({ atMs: 2000 })
    expect(planDelivery(standing, chunk, 0, 2000.5)).toMatchObject({ sizeBytes: 1, atMs: 2000 })
  })
  test('the end of the stream comes after the last byte', () => {
    const end = { sizeBytes: 0, arrivedAtMs: 10, delayMs: 5 }
    expect(planDelivery(rules(bandwidth(1000)), end, 400, 10)).toMatchObject({ atMs: 405, freeAtMs: 400 })
  })
})

test('what may wait grows with the delay, and has a bound', () => {
  const plain = queueLimitBytes(rules())
  expect(queueLimitBytes(rules(partition('hold')))).toBe(plain)
  expect(queueLimitBytes(rules(latency(50)))).toBeGreaterThan(50 * plain)
  expect(queueLimitBytes(rules(latency(50), bandwidth(1000)))).toBe(plain + 50)
  expect(queueLimitBytes(rules(latency(1e9)))).toBeLessThanOrEqual(96 * 1024 * 1024)
})
