import { createRandom, type TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Delivery, Next, Placed } from '../../src/delivery/plan.ts'
import { cutAt, passed, planDelivery, queueLimitBytes, transform } from '../../src/delivery/plan.ts'
import type { StandingHarm } from '../../src/delivery/registry.ts'
import { drawLatencyMs } from '../../src/delivery/schedules.ts'
import { createStage } from '../../src/link/link-state.ts'

const latency = (latencyMs: number, jitterMs = 0, distribution?: 'uniform' | 'normal' | 'pareto') =>
  ({ kind: 'latency', latencyMs: millis(latencyMs), jitterMs: millis(jitterMs), distribution }) as const
const bandwidth = (bytesPerSecond: number) => ({ kind: 'bandwidth', bytesPerSecond }) as const
const partition = (mode: 'hold' | 'drop') => ({ kind: 'partition', mode }) as const
const slice = (averageBytes: number, variationBytes = 0, pauseMs = 0) =>
  ({ kind: 'slice', averageBytes, variationBytes, pauseMs: millis(pauseMs) }) as const
const noChance = () => {
  throw new Error('no chance is needed here')
}

/** The stages of these faults, in this order, on one direction of one connection. */
const stagesOf = (...harms: readonly StandingHarm[]): Placed[] =>
  harms.map((harm) => {
    const random = createRandom(JSON.stringify(harm))
    const context = {
      harm: () => harm as TcpHarm,
      random: () => random,
      hit: () => undefined,
      acceptedAtMs: 0,
      direction: 'requests' as const,
      connection: {},
      shared: { freeAtMs: 0 },
    }
    return { stage: createStage(harm.kind, context), afterBytes: 0, hit: () => undefined }
  })

const bytes = (sizeBytes: number, arrivedAtMs = 0, positionBytes = 0): Next => ({
  chunk: { arrivedAtMs, bytes: Buffer.alloc(sizeBytes) },
  content: 'bytes',
  sizeBytes,
  positionBytes,
})
const end = (arrivedAtMs = 0): Next => ({
  chunk: { arrivedAtMs, bytes: Buffer.alloc(0) },
  content: 'end',
  sizeBytes: 0,
  positionBytes: 0,
})

function due(delivery: Delivery): Extract<Delivery, { kind: 'deliver' }> {
  if (delivery.kind !== 'deliver') throw new Error(delivery.kind)
  return delivery
}

/** Delivers a chunk, and returns the due time and size of each piece. The clock jumps from one due time to the next. */
function deliverAll(stages: readonly Placed[], sizeBytes: number, arrivedAtMs = 0) {
  const pieces: { atMs: number; sizeBytes: number }[] = []
  let next = bytes(sizeBytes, arrivedAtMs)
  let nowMs = arrivedAtMs
  while (next.sizeBytes > 0) {
    const { piece, atMs } = due(planDelivery(stages, next, nowMs))
    pieces.push({ atMs, sizeBytes: piece.sizeBytes })
    passed(stages, next, piece)
    nowMs = Math.max(nowMs, atMs)
    const { sizeBytes: takenBytes } = piece
    next = {
      ...next,
      sizeBytes: next.sizeBytes - takenBytes,
      positionBytes: next.positionBytes + takenBytes,
    }
  }
  return pieces
}

test('a chunk without faults is delivered immediately in one piece', () => {
  expect(planDelivery([], bytes(9, 5), 5)).toMatchObject({ kind: 'deliver', piece: { sizeBytes: 9 }, atMs: 5 })
})

describe('a cut', () => {
  test('waiting bytes are held by a cut in mode hold, and lost by a cut in mode drop or a blackhole fault', () => {
    expect(planDelivery(stagesOf(partition('hold')), bytes(9), 0).kind).toBe('hold')
    expect(planDelivery(stagesOf(partition('drop')), bytes(9), 0).kind).toBe('lose')
    expect(planDelivery(stagesOf({ kind: 'blackhole' }), bytes(9), 0).kind).toBe('lose')
  })
  test('a cut in mode drop loses even the bytes that another fault would delay', () => {
    for (const others of [partition('hold'), bandwidth(0), latency(100)])
      for (const harms of [
        [others, partition('drop')],
        [partition('drop'), others],
      ])
        expect(planDelivery(stagesOf(...harms), bytes(9), 0).kind).toBe('lose')
  })
  test('a cut in mode hold also holds the end of a stream', () => {
    expect(planDelivery(stagesOf(partition('hold')), end(), 0).kind).toBe('hold')
  })
})

describe('a latency fault', () => {
  test('a latency fault counts the delay of a chunk from its arrival, not from its turn in the queue', () => {
    expect(due(planDelivery(stagesOf(latency(50)), bytes(9, 100), 130)).atMs).toBe(150)
  })
  test('a latency fault adds no delay to the end or the reset of a stream', () => {
    for (const content of ['end', 'reset'] as const)
      expect(due(planDelivery(stagesOf(latency(50, 40)), { ...end(100), content }, 130)).atMs).toBe(100)
  })
  test('the delays of two latency faults add up', () => {
    expect(due(planDelivery(stagesOf(latency(50), latency(20)), bytes(9), 0)).atMs).toBe(70)
  })
  test('a latency fault draws one latency for each chunk', () => {
    const stages = stagesOf(latency(50, 40))
    const [first, second] = [bytes(9), bytes(9)]
    const times = [first, first, first, second].map((next) => due(planDelivery(stages, next, 0)).atMs)
    expect(times[1]).toBe(times[0])
    expect(times[2]).toBe(times[0])
    expect(times[3]).not.toBe(times[0])
  })
  test('a latency fault draws a latency that differs by at most the jitter and is never negative', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 100, noNaN: true }), (seed, jitterMs) => {
        const random = createRandom(seed)
        for (let i = 0; i < 20; i++) {
          const delayMs = drawLatencyMs(latency(50, jitterMs), () => random)
          expect(delayMs).toBeGreaterThanOrEqual(Math.max(0, 50 - jitterMs))
          expect(delayMs).toBeLessThanOrEqual(50 + jitterMs)
        }
      }),
    )
  })
  test.each([
    ['uniform', 0.5, 100],
    ['uniform', 0.9, 108],
    ['normal', 0.5, 100],
    ['normal', 0.8413, 110],
    // The `pareto` jitter is a Lomax distribution of shape 3 and scale 10. Its q-quantile is 10·((1 − q)^(−1/3) − 1)
    // ms, which is added to the latency of 100 ms.
    ['pareto', 0, 100],
    ['pareto', 0.5, 102.6],
    ['pareto', 0.9, 111.54],
  ] as const)(
    'a latency of 100 ms, with %s jitter of 10 ms, has a %d-quantile of %d ms',
    (distribution, quantile, expected) => {
      const random = createRandom('distributions')
      const draws = Array.from({ length: 20_000 }, () => drawLatencyMs(latency(100, 10, distribution), () => random))
      draws.sort((a, b) => a - b)
      expect(Math.abs((draws[Math.floor(quantile * draws.length)] ?? 0) - expected)).toBeLessThan(0.5)
    },
  )
  test('a latency fault draws no random number if its jitter is 0', () => {
    expect(drawLatencyMs(latency(5, 0, 'pareto'), noChance)).toBe(5)
  })
})

describe('a bandwidth fault', () => {
  test('a bandwidth fault passes each piece of a chunk at the time that the rate allows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0, max: 200, noNaN: true }),
        fc.boolean(),
        (bytesPerSecond, sizeBytes, delayMs, limitFirst) => {
          const harms = [bandwidth(bytesPerSecond), latency(delayMs)]
          let sent = 0
          for (const piece of deliverAll(stagesOf(...(limitFirst ? harms : harms.reverse())), sizeBytes)) {
            sent += piece.sizeBytes
            expect(piece.atMs).toBeCloseTo((sent * 1000) / bytesPerSecond + delayMs, 3)
          }
          expect(sent).toBe(sizeBytes)
        },
      ),
    )
  })
  test('the lower of two bandwidth faults determines the rate', () => {
    const [last] = deliverAll(stagesOf(bandwidth(1000), bandwidth(10), bandwidth(500)), 10).slice(-1)
    expect(last?.atMs).toBeCloseTo(1000, -1)
  })
  test('a bandwidth fault passes nothing at rate 0', () => {
    expect(planDelivery(stagesOf(bandwidth(0)), bytes(1), 1e9).kind).toBe('hold')
    expect(planDelivery(stagesOf(bandwidth(0)), end(), 1e9).kind).toBe('hold')
  })
  test('after a pause, a bandwidth fault passes at once the bytes that its rate allows in a tenth of a second', () => {
    const stages = stagesOf(bandwidth(1_000_000))
    let burst = 0
    for (;;) {
      const next = bytes(1e9)
      const { piece, atMs } = due(planDelivery(stages, next, 60_000))
      if (atMs > 60_000) break
      burst += piece.sizeBytes
      passed(stages, next, piece)
    }
    expect(burst).toBe(100_000)
  })
  test('a bandwidth fault of half a byte per second delivers a single byte after two seconds', () => {
    const stages = stagesOf(bandwidth(0.5))
    for (const nowMs of [0, 500, 1999, 2000.5])
      expect(due(planDelivery(stages, bytes(3), nowMs))).toMatchObject({ piece: { sizeBytes: 1 }, atMs: 2000 })
  })
  test('a bandwidth fault delivers the end of the stream after the last byte', () => {
    const stages = stagesOf(latency(5), bandwidth(1000))
    expect(deliverAll(stages, 400).at(-1)?.atMs).toBe(405)
    expect(due(planDelivery(stages, end(10), 10)).atMs).toBe(405)
  })
})

describe('a slice fault', () => {
  test('a slice fault cuts pieces of about the given size, pauses after each piece, and loses no byte', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 20_000 }),
        (averageBytes, variationBytes, sizeBytes) => {
          const pieces = deliverAll(stagesOf(slice(averageBytes, variationBytes, 3)), sizeBytes)
          expect(pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0)).toBe(sizeBytes)
          const smallest = Math.max(1, averageBytes - variationBytes)
          const wrong = pieces.filter(
            (piece, i) =>
              piece.sizeBytes > averageBytes + variationBytes ||
              (piece.sizeBytes < smallest && i < pieces.length - 1) ||
              piece.atMs !== 3 * i,
          )
          expect(wrong).toEqual([])
        },
      ),
    )
  })
  test('the sizes that a slice fault draws cover the whole variation', () => {
    const sizes = deliverAll(stagesOf(slice(4, 3)), 2_000).map(({ sizeBytes }) => sizeBytes)
    // The size of the last piece is not random: once at most 7 bytes are left, they form one piece.
    expect([...new Set(sizes.slice(0, -1))].toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('a slice fault leaves a chunk whole if its size is at most the average plus the variation', () => {
    expect(deliverAll(stagesOf(slice(10, 5)), 15)).toHaveLength(1)
  })

  test('a slice fault writes each piece separately', () => {
    expect(due(planDelivery(stagesOf(slice(10)), bytes(25), 0))).toMatchObject({
      alone: true,
      piece: { sizeBytes: 10 },
    })
  })
})

/** A stage whose random decisions are given in advance. */
function stageWith(harm: StandingHarm, ...chances: boolean[]) {
  const random = { ...createRandom(1), chance: () => chances.shift() === true }
  const context = { random: () => random, hit: () => undefined, acceptedAtMs: 0, direction: 'requests' as const }
  return createStage(harm.kind, { ...context, harm: () => harm as TcpHarm, connection: {}, shared: { freeAtMs: 0 } })
}

test.each([
  [2, 200],
  [3, 0],
])('if %i packets follow a lost packet, packet-loss delays the lost packet by %i ms', (followers, delayMs) => {
  const harm = { kind: 'packet-loss', probability: 0.5, retransmitMs: millis(200) } as const
  const placed = { stage: stageWith(harm, true), afterBytes: 0, hit: () => undefined }
  expect(due(planDelivery([placed], bytes(1_448 * followers + 1, 7), 7)).atMs).toBe(7 + delayMs)
})

test.each([
  ['timeout', 'last', 150],
  ['reset-peer', 'first', 110],
] as const)('the fault %s ends a connection `afterMs` after it discarded bytes for the %s time', (kind, _, atMs) => {
  const stage = stageWith({ kind, afterMs: millis(100) })
  stage.discarded?.(10)
  stage.discarded?.(50)
  expect(stage.alarm?.(60)?.atMs).toBe(atMs)
})

describe('several faults on a link', () => {
  const limit = (limitBytes: number) => ({ kind: 'limit-bytes', bytes: limitBytes }) as const

  test('a byte limit counts only bytes that no earlier fault has dropped', () => {
    const losing = { kind: 'timeout', afterMs: millis(0) } as const
    expect(planDelivery(stagesOf(losing, limit(0)), bytes(9), 0).kind).toBe('discard')
    expect(planDelivery(stagesOf(limit(0), losing), bytes(9), 0).kind).toBe('close')
  })
  test('several faults on a link use the smallest of their piece sizes', () => {
    const stages = stagesOf(slice(100), bandwidth(4000), limit(30))
    expect(deliverAll(stages, 30).map((piece) => piece.sizeBytes)).toEqual([30])
    expect(planDelivery(stages, bytes(5, 0, 30), 0).kind).toBe('close')
  })
  test('the connection is closed after the last byte that a byte limit allows', () => {
    const stages = stagesOf(limit(30))
    const next = bytes(50)
    const { piece } = due(planDelivery(stages, next, 0))
    expect([piece.sizeBytes, passed(stages, next, piece)]).toEqual([30, 'close'])
  })
  test('a fault that begins at a byte offset does not affect the bytes before the offset', () => {
    const [placed] = stagesOf(latency(50)) as [Placed]
    const stages = [{ ...placed, afterBytes: 10 }]
    expect(due(planDelivery(stages, bytes(25), 0))).toMatchObject({ piece: { sizeBytes: 10 }, atMs: 0 })
    expect(due(planDelivery(stages, bytes(15, 0, 10), 0))).toMatchObject({ piece: { sizeBytes: 15 }, atMs: 50 })
  })
  test('a cut that begins at a byte offset lets the earlier bytes pass and holds the later bytes', () => {
    const [placed] = stagesOf(partition('hold')) as [Placed]
    const stages = [{ ...placed, afterBytes: 10 }]
    expect([cutAt(stages, 9), cutAt(stages, 10)]).toEqual(['none', 'hold'])
    expect(due(planDelivery(stages, bytes(25), 0)).piece.sizeBytes).toBe(10)
  })
})

describe('a corruption fault', () => {
  const flipped = (probability: number, sizeBytes: number) => {
    const stages = stagesOf({ kind: 'corrupt', probability })
    const before = Buffer.alloc(sizeBytes)
    const pieces: Buffer[] = []
    for (let offset = 0; offset < sizeBytes; offset += 1000)
      pieces.push(transform(stages, 0, before.subarray(offset, Math.min(sizeBytes, offset + 1000))))
    return Buffer.concat(pieces)
  }
  test('a corruption fault flips one bit in about the given share of bytes', () => {
    const after = flipped(0.01, 1_000_000)
    const hit = after.filter((byte) => byte !== 0)
    for (const byte of hit) expect([1, 2, 4, 8, 16, 32, 64, 128]).toContain(byte)
    expect(hit.length).toBeGreaterThan(9_500)
    expect(hit.length).toBeLessThan(10_500)
  })
  test('a corruption fault flips no byte at probability 0, and every byte at probability 1', () => {
    expect(flipped(0, 10_000).every((byte) => byte === 0)).toBe(true)
    expect(flipped(1, 10_000).every((byte) => byte !== 0)).toBe(true)
  })
  test('a corruption fault does not modify its input buffer', () => {
    const before = Buffer.alloc(100)
    transform(stagesOf({ kind: 'corrupt', probability: 1 }), 0, before)
    expect(before.every((byte) => byte === 0)).toBe(true)
  })
})

test('queueLimitBytes grows with the latency, up to a bound', () => {
  const plain = queueLimitBytes([])
  expect(queueLimitBytes(stagesOf(partition('hold')))).toBe(plain)
  expect(queueLimitBytes(stagesOf(latency(50)))).toBeGreaterThan(50 * plain)
  expect(queueLimitBytes(stagesOf(latency(50), bandwidth(1000)))).toBe(plain + 50)
  expect(queueLimitBytes(stagesOf(latency(1e9)))).toBeLessThanOrEqual(96 * 1024 * 1024)
})
