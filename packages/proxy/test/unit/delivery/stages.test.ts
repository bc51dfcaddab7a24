import { createRandom, type TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  carries,
  meets,
  type Next,
  nextAlarm,
  type Placed,
  passed,
  planDelivery,
  queueLimitBytes,
  transform,
} from '../../../src/delivery/plan.ts'
import type { StandingHarm } from '../../../src/delivery/registry.ts'
import { drawLatencyMs } from '../../../src/delivery/schedules.ts'
import type { Chunk, Content, Stage, Timetable } from '../../../src/delivery/stage.ts'
import { createStage } from '../../../src/link/link-state.ts'

const latency = (latencyMs: number, jitterMs = 0, distribution?: 'uniform' | 'normal' | 'pareto') =>
  ({ kind: 'latency', latencyMs: millis(latencyMs), jitterMs: millis(jitterMs), distribution }) as const
const bandwidth = (bytesPerSecond: number, shared = false) => ({ kind: 'bandwidth', bytesPerSecond, shared }) as const
const slice = (averageBytes: number, variationBytes: number, pauseMs: number) =>
  ({ kind: 'slice', averageBytes, variationBytes, pauseMs: millis(pauseMs) }) as const
const packetLoss = { kind: 'packet-loss', probability: 0.5, retransmitMs: millis(200) } as const

interface Script {
  readonly numbers?: number[]
  readonly chances?: boolean[]
  /** Whether every drawn integer is the highest possible one. Otherwise it is 0. */
  readonly isHighest?: boolean
}

/** Randomness that returns the given values. Any further draw fails. */
function scripted({ numbers = [], chances = [], isHighest = false }: Script = {}) {
  const drawn = <Value>(values: Value[]): Value => {
    const value = values.shift()
    if (value === undefined) throw new Error('no chance is needed here')
    return value
  }
  const integer = (bound: number) => (isHighest ? bound - 1 : 0)
  return { ...createRandom(1), next: () => drawn(numbers), chance: () => drawn(chances), integer }
}

/**
 * Returns a stage of a fault, and its `state`: the parameters of the fault, which a test can change, and the number of
 * hits that the stage has counted.
 */
function stageOf(first: StandingHarm, { shared = { freeAtMs: 0 }, ...chances }: Script & { shared?: Timetable } = {}) {
  const random = scripted(chances)
  const state = { harm: first as TcpHarm, hits: 0 }
  const stage = createStage(first.kind, {
    harm: () => state.harm,
    random: () => random,
    hit: (times = 1) => {
      state.hits += times
    },
    acceptedAtMs: 0,
    direction: 'requests',
    connection: {},
    shared,
  })
  return { stage, state }
}

const placed = (stage: Stage, afterBytes = 0): Placed => ({ stage, afterBytes, hit: () => undefined })
const chunkOf = (sizeBytes: number, arrivedAtMs = 0): Chunk => ({ arrivedAtMs, bytes: Buffer.alloc(sizeBytes) })
const pieceOf = (chunk: Chunk, sizeBytes = chunk.bytes.length, content: Content = 'bytes') => ({
  chunk,
  content,
  sizeBytes,
})
const nextOf = (chunk: Chunk, positionBytes = 0): Next => ({ ...pieceOf(chunk), positionBytes })
const nothing: Stage = { countsArriving: 'nothing' }

describe('the plan of a delivery', () => {
  test('each stage of a delivery receives the current time minus the delays of the later stages', () => {
    const asked: number[] = []
    const asking: Stage = {
      countsArriving: 'nothing',
      leavesAtMs(_, atMs, earliestMs) {
        asked.push(earliestMs)
        return atMs
      },
    }
    const stages = [latency(5), latency(20)].map((harm) => stageOf(harm).stage)
    const plan = planDelivery(
      [stages[0]!, nothing, asking, stages[1]!, asking].map((stage) => placed(stage)),
      nextOf(chunkOf(9)),
      100,
    )
    expect(asked).toEqual([80, 100])
    expect(plan).toMatchObject({ kind: 'deliver', atMs: 25, alone: false })
  })

  test('a piece of a chunk ends before the offset at which another fault starts to act', () => {
    const held = placed(stageOf(bandwidth(0)).stage, 10)
    const alone = placed({ countsArriving: 'nothing', alone: true }, 10)
    expect(planDelivery([alone, held], nextOf(chunkOf(25), 4), 0)).toMatchObject({
      kind: 'deliver',
      alone: false,
      piece: { sizeBytes: 6 },
    })
    expect(planDelivery([alone], nextOf(chunkOf(25), 10), 0)).toMatchObject({ alone: true, piece: { sizeBytes: 25 } })
  })

  const [holding, dropping] = (['hold', 'drop'] as const).map((mode) => stageOf({ kind: 'partition', mode }).stage)
  test.each<readonly [string, readonly Placed[], string]>([
    ['no cut', [], 'deliver'],
    ['a cut that holds', [placed(holding!)], 'hold'],
    ['a cut that drops', [placed(dropping!)], 'lose'],
    ['a cut that holds before a cut that drops', [placed(holding!), placed(dropping!)], 'lose'],
    ['a cut that drops before a cut that holds', [placed(dropping!), placed(holding!)], 'lose'],
    ['a cut that drops from a later byte on', [placed(dropping!, 10)], 'deliver'],
    ['a bandwidth of 0', [placed(stageOf(bandwidth(0)).stage)], 'hold'],
    ['a byte limit that is reached', [placed(stageOf({ kind: 'limit-bytes', bytes: 0 }).stage)], 'close'],
    ['a timeout', [placed(stageOf({ kind: 'timeout', afterMs: millis(0) }).stage)], 'discard'],
  ])('at byte 9 under %s, planDelivery returns a plan of the kind $2', (_, stages, kind) => {
    expect(planDelivery(stages, nextOf(chunkOf(5), 9), 0).kind).toBe(kind)
  })

  test('bytes are discarded at the time at which they reach the discarding stage, and later stages do not see them', () => {
    const later = placed({
      countsArriving: 'nothing',
      portionBytes: () => 1,
      leavesAtMs: () => 1000,
    })
    const discarding = placed(stageOf({ kind: 'reset-peer', afterMs: millis(0) }).stage)
    const plan = planDelivery([placed(stageOf(latency(5)).stage), discarding, later], nextOf(chunkOf(9, 2)), 0)
    expect(plan).toEqual({ kind: 'discard', piece: expect.objectContaining({ sizeBytes: 9 }), atMs: 7, by: discarding })
  })

  test('a byte is transformed by each stage that is active at its position, in the order of the stages', () => {
    const adding = (text: string, afterBytes: number) =>
      placed({ countsArriving: 'nothing', transform: (bytes) => Buffer.concat([bytes, Buffer.from(text)]) }, afterBytes)
    const stages = [placed(nothing), adding('a', 0), adding('b', 9), adding('c', 8)]
    expect(String(transform(stages, 8, Buffer.from('-')))).toBe('-ac')
  })

  test('each active stage is told of a passed piece, and a stage that ends the connection counts a hit', () => {
    const moved: [string, number, boolean][] = []
    const hits: string[] = []
    const telling = (name: string, afterBytes: number, ending?: 'close' | 'reset'): Placed => ({
      stage: {
        countsArriving: 'nothing',
        moved({ sizeBytes }, last) {
          moved.push([name, sizeBytes, last])
          return ending
        },
      },
      afterBytes,
      hit: () => void hits.push(name),
    })
    const stages = [
      telling('a', 0),
      telling('b', 1),
      telling('c', 0, 'reset'),
      telling('d', 0, 'close'),
      telling('e', 0),
    ]
    const chunk = chunkOf(9)
    expect(passed(stages, nextOf(chunk), pieceOf(chunk, 4), stages[4])).toBe('reset')
    expect(passed(stages.slice(0, 2), nextOf(chunk, 1), pieceOf(chunk))).toBeUndefined()
    expect(moved).toEqual([
      ['a', 4, false],
      ['c', 4, false],
      ['d', 4, false],
      ['a', 9, true],
      ['b', 9, true],
    ])
    expect(hits).toEqual(['c', 'd'])
  })

  test('nextAlarm returns the earliest alarm of the stages, and the first of several equally early alarms', () => {
    const at = (atMs: number, afterBytes = 0) =>
      placed({ countsArriving: 'nothing', alarm: () => ({ atMs, ending: 'close' }) }, afterBytes)
    const [late, early, equal, beyond] = [at(9), at(5), at(5), at(1, 10)]
    expect(nextAlarm([placed(nothing), late, early, equal, beyond], 9, 0)).toMatchObject({ atMs: 5, by: early })
    expect(nextAlarm([late, beyond], 10, 0)?.by).toBe(beyond)
    expect(nextAlarm([placed(nothing), beyond], 0, 0)).toBeUndefined()
  })

  test.each<readonly [StandingHarm, number, boolean]>([
    [latency(5), 0, true],
    [bandwidth(0), 0, true],
    [{ kind: 'half-open' }, 0, true],
    [{ kind: 'partition', mode: 'hold' }, 0, false],
    [{ kind: 'blackhole' }, 0, false],
    [{ kind: 'timeout', afterMs: millis(0) }, 0, false],
    [{ kind: 'timeout', afterMs: millis(0) }, 10, true],
    [{ kind: 'partition', mode: 'drop' }, 10, true],
  ])(
    'whether a delivery at byte 9 carries bytes under the fault %j that starts at byte %i: %s',
    (harm, afterBytes, isCarried) => {
      expect(carries([placed(stageOf(harm).stage, afterBytes)], 9)).toBe(isCarried)
    },
  )

  test.each<readonly [Stage['countsArriving'], Content, number, number, boolean]>([
    ['everything', 'bytes', 1, 9, false],
    ['everything', 'bytes', 2, 9, true],
    ['everything', 'bytes', 1, 10, true],
    ['everything', 'end', 0, 9, false],
    ['everything', 'end', 0, 10, true],
    ['bytes', 'bytes', 9, 10, true],
    ['bytes', 'reset', 0, 10, false],
    ['ends', 'bytes', 9, 10, false],
    ['ends', 'end', 0, 10, true],
    ['nothing', 'bytes', 9, 10, false],
    ['nothing', 'end', 0, 10, false],
  ])('whether a fault that starts at byte 10 and counts %s is hit by %s of %i bytes at byte %i: %s', (...row) => {
    const [countsArriving, content, sizeBytes, positionBytes, isHit] = row
    expect(meets(placed({ countsArriving }, 10), content, sizeBytes, positionBytes)).toBe(isHit)
  })

  const KIB = 1024
  test.each<readonly [readonly StandingHarm[], number]>([
    [[], 256 * KIB],
    [[latency(10)], 256 * KIB + 10 * 2048 * KIB],
    [[latency(10), latency(5)], 256 * KIB + 15 * 2048 * KIB],
    [[latency(10, 2)], 256 * KIB + 12 * 2048 * KIB],
    [[latency(10, 2, 'normal')], 256 * KIB + 16 * 2048 * KIB],
    [[latency(10, 2, 'pareto')], 256 * KIB + 28 * 2048 * KIB],
    [[packetLoss, bandwidth(1000)], 256 * KIB + 600],
    [[latency(10), bandwidth(2000), bandwidth(1000)], 256 * KIB + 10],
    [[latency(1000)], 96 * 1024 * KIB],
  ])('the queue limit in bytes under %j is %i', (harms, sizeBytes) => {
    expect(queueLimitBytes(harms.map((harm) => placed(stageOf(harm).stage)))).toBe(sizeBytes)
  })
})

test.each<readonly [ReturnType<typeof latency>, readonly number[], number]>([
  [latency(100, 10), [0.75], 105],
  [latency(100, 10), [0.25], 95],
  [latency(5, 10), [0], 0],
  [latency(100, 10, 'normal'), [1 - Math.exp(-0.5), 0], 110],
  [latency(100, 10, 'normal'), [1 - Math.exp(-0.5), 0.5], 90],
  [latency(100, 10, 'normal'), [1 - Math.exp(-2), 0], 120],
  [latency(5, 10, 'normal'), [1 - Math.exp(-0.5), 0.5], 0],
  [latency(100, 10, 'pareto'), [0], 100],
  [latency(100, 10, 'pareto'), [1 - 1 / 8], 110],
])('the latency %j drawn with the random numbers %j is %d ms', (harm, numbers, expected) => {
  expect(drawLatencyMs(harm, () => scripted({ numbers: [...numbers] }))).toBeCloseTo(expected, 9)
})

describe('a latency fault', () => {
  test('a latency fault draws one delay for each chunk, and a new one after a change of its parameters', () => {
    const { stage, state } = stageOf(latency(100, 10), { numbers: [0, 0.5, 1] })
    const [first, second] = [chunkOf(1), chunkOf(1)]
    const delayMs = (chunk: Chunk) => stage.delayMs?.(chunk, 'bytes')
    expect([delayMs(first), delayMs(first), delayMs(second), delayMs(second)]).toEqual([90, 90, 100, 100])
    state.harm = latency(200, 10) as TcpHarm
    expect([delayMs(second), delayMs(second)]).toEqual([210, 210])
  })

  test('a latency fault does not delay the end of a stream', () => {
    const { stage } = stageOf(latency(100))
    expect(stage.delayMs?.(chunkOf(0), 'end')).toBe(0)
  })
})

describe('a bandwidth', () => {
  test('a shared bandwidth reserves the sending time of a piece when the piece is planned', () => {
    const shared = { freeAtMs: 0 }
    const [a, b] = [stageOf(bandwidth(1000, true), { shared }), stageOf(bandwidth(1000, true), { shared })]
    const [first, second] = [chunkOf(100), chunkOf(100)]
    const plan = (of: typeof a, chunk: Chunk, nowMs: number) => {
      const delivery = planDelivery([placed(of.stage)], nextOf(chunk), nowMs)
      return delivery.kind === 'deliver' ? [delivery.piece.sizeBytes, delivery.atMs] : delivery.kind
    }
    expect([plan(a, first, 0), plan(b, second, 0), plan(a, first, 0), plan(b, second, 5)]).toEqual([
      [10, 10],
      [10, 20],
      [10, 10],
      [10, 20],
    ])
    passed([placed(a.stage)], nextOf(first), pieceOf(first, 10))
    expect(plan(a, first, 10)).toEqual([10, 30])
    // The new rate discards the slot that is reserved for `second`, so `second` gets a new slot. A slot is reserved for
    // one chunk only, so another chunk gets a later slot.
    b.state.harm = bandwidth(2000, true) as TcpHarm
    expect(plan(b, second, 10)).toEqual([20, 40])
    expect(plan(b, chunkOf(5), 10)).toEqual([5, 42.5])
  })

  test('a shared bandwidth keeps the size of a planned piece, even if another fault made the piece smaller', () => {
    const { stage } = stageOf(bandwidth(1000, true))
    const chunk = chunkOf(100)
    expect(stage.portionBytes?.(100, chunk)).toBe(10)
    stage.leavesAtMs?.(pieceOf(chunk, 4), 0, 0)
    expect([stage.portionBytes?.(100, chunk), stage.portionBytes?.(3, chunk)]).toEqual([4, 3])
    stage.moved?.(pieceOf(chunk, 4), false)
    expect(stage.portionBytes?.(96, chunk)).toBe(10)
  })

  test('a bandwidth fault delays even the first piece by the sending time of the piece', () => {
    for (const isShared of [true, false]) {
      const { stage } = stageOf(bandwidth(100_000, isShared))
      expect(stage.leavesAtMs?.(pieceOf(chunkOf(10)), 0, 0)).toBe(0.1)
    }
  })

  test('by default, a bandwidth limit applies to each connection of a link separately', () => {
    const shared = { freeAtMs: 0 }
    for (let i = 0; i < 2; i++) {
      const { stage } = stageOf({ kind: 'bandwidth', bytesPerSecond: 1000 }, { shared })
      expect(stage.leavesAtMs?.(pieceOf(chunkOf(10)), 0, 0)).toBe(10)
    }
  })

  test('a bandwidth sends pieces of at least one byte', () => {
    expect([1, 199, 200].map((rate) => stageOf(bandwidth(rate)).stage.portionBytes?.(100, chunkOf(100)))).toEqual([
      1, 1, 2,
    ])
  })

  test('under a shared bandwidth, the end of a stream waits only for the last byte of its own connection', () => {
    const shared = { freeAtMs: 0 }
    const [a, b] = [stageOf(bandwidth(1000, true), { shared }), stageOf(bandwidth(1000, true), { shared })]
    const chunk = chunkOf(5)
    for (const { stage } of [a, b]) stage.leavesAtMs?.(pieceOf(chunk), 0, 0)
    a.stage.moved?.(pieceOf(chunk), true)
    const endAtMs = ({ stage }: typeof a) => stage.leavesAtMs?.(pieceOf(chunkOf(0), 0, 'end'), 1, 0)
    expect([endAtMs(a), endAtMs(b)]).toEqual([5, 1])
    a.stage.moved?.(pieceOf(chunkOf(0), 0, 'end'), true)
    expect(endAtMs(a)).toBe(5)
  })

  test('after a stall, a bandwidth fault catches up by at most 100 ms, or by two sending times if these are longer', () => {
    const leavesAtMs = (bytesPerSecond: number) =>
      stageOf(bandwidth(bytesPerSecond)).stage.leavesAtMs?.(pieceOf(chunkOf(1)), 0, 60_000)
    expect([leavesAtMs(1000), leavesAtMs(5)]).toEqual([60_000 - 100 + 1, 60_000 - 400 + 200])
  })
})

describe('packet loss', () => {
  const lossOf = (chances: boolean[], sizeBytes: number, content: Content = 'bytes') => {
    const { stage, state } = stageOf(packetLoss, { chances })
    const piece = pieceOf(chunkOf(sizeBytes), sizeBytes, content)
    const waitMs = [stage.leavesAtMs?.(piece, 0, 0), stage.leavesAtMs?.(piece, 0, 0)]
    stage.moved?.(piece, true)
    stage.moved?.(piece, true)
    return { waitMs, hits: state.hits, left: chances.length }
  }
  const [lost, not] = [true, false]

  test.each<readonly [string, boolean[], number, number, number]>([
    ['no packet', [not], 1448, 0, 0],
    ['the only packet', [lost, not], 1448, 200, 1],
    ['the only packet, twice', [lost, lost, not], 1448, 600, 2],
    ['the only packet, seven times', Array(7).fill(lost), 1448, 25_400, 7],
    ['the first of four packets', [lost, not, not, not, not], 1448 * 3 + 1, 0, 1],
    ['the first of four packets, twice', [lost, lost, not, not, not, not], 1448 * 4, 200, 2],
    ['the first and the last of four packets', [lost, not, not, not, lost, not], 1448 * 4, 200, 2],
  ])(
    'packet loss delays bytes until %s is retransmitted, and counts each loss',
    (_, chances, sizeBytes, waitMs, hits) => {
      expect(lossOf([...chances], sizeBytes)).toEqual({ waitMs: [waitMs, waitMs], hits, left: 0 })
    },
  )

  test('packet loss counts the end of a stream as one packet, and may delay it', () => {
    expect(lossOf([lost, not], 0, 'end')).toEqual({ waitMs: [200, 200], hits: 1, left: 0 })
  })

  test('packet loss delays later bytes until the earlier bytes are sent, and draws a new random number for each chunk', () => {
    const { stage, state } = stageOf(packetLoss, { chances: [lost, not, not, lost, not] })
    const [first, second, third] = [chunkOf(1), chunkOf(1), chunkOf(1)].map((chunk) => pieceOf(chunk))
    expect(stage.leavesAtMs?.(first!, 0, 0)).toBe(200)
    expect(stage.moved?.(first!, true)).toBeUndefined()
    expect([stage.leavesAtMs?.(second!, 10, 0), state.hits]).toEqual([200, 1])
    stage.moved?.(second!, true)
    expect([stage.leavesAtMs?.(third!, 300, 0), state.hits]).toEqual([500, 1])
  })
})

describe('a slice fault', () => {
  test('a slice fault pauses after each piece and counts it as one hit, even if another fault divides the piece', () => {
    const { stage, state } = stageOf(slice(4, 0, 3))
    const chunk = chunkOf(10)
    const move = (sizeBytes: number, last = false) => {
      const portion = stage.portionBytes?.(sizeBytes, chunk)
      const atMs = stage.leavesAtMs?.(pieceOf(chunk, sizeBytes), 0, 0)
      stage.moved?.(pieceOf(chunk, sizeBytes), last)
      return [portion, atMs, state.hits]
    }
    expect(stage.portionBytes?.(10, chunk)).toBe(4)
    expect([move(2), move(1), move(1), move(4), move(2, true), move(2, true)]).toEqual([
      [2, 0, 0],
      [1, 0, 0],
      [1, 0, 1],
      [4, 3, 2],
      [2, 6, 3],
      [2, 9, 4],
    ])
  })

  test('a slice fault draws a new size for each chunk, and does not delay the end of a stream', () => {
    const { stage, state } = stageOf(slice(4, 1, 3))
    const chunk = chunkOf(5)
    expect(stage.portionBytes?.(5, chunk)).toBe(5)
    stage.moved?.(pieceOf(chunk, 3), true)
    expect(stage.portionBytes?.(4, chunk)).toBe(4)
    stage.moved?.(pieceOf(chunkOf(0), 0, 'end'), true)
    expect([state.hits, stage.portionBytes?.(9, chunk)]).toEqual([1, 4])
  })

  test.each([
    [0, 4, 4],
    [1, 3, 5],
    [3, 1, 7],
    [4, 1, 8],
  ])(
    'a slice fault with an average of 4 bytes and a variation of %i draws sizes from %i to %i bytes',
    (variationBytes, least, most) => {
      const drawn = (isHighest: boolean) =>
        stageOf(slice(4, variationBytes, 0), { isHighest }).stage.portionBytes?.(100, chunkOf(100))
      expect([drawn(false), drawn(true)]).toEqual([least, most])
    },
  )

  test('a slice fault sends each piece in a separate write', () => {
    expect(stageOf(slice(4, 0, 3)).stage.alone).toBe(true)
  })
})

describe('a corruption fault', () => {
  const corrupted = (stage: Stage, sizeBytes: number) => [...(stage.transform?.(Buffer.alloc(sizeBytes)) ?? [])]

  test('a corruption fault flips a bit after each gap that it draws, in any division of the bytes, and counts each flip', () => {
    // At probability 0.5, the random numbers 0.9, 0 and 0.9 give gaps of 3, 0 and 3 bytes.
    const { stage, state } = stageOf({ kind: 'corrupt', probability: 0.5 }, { numbers: [0.9, 0, 0.9, 0.99] })
    expect([2, 1, 3, 3].map((sizeBytes) => corrupted(stage, sizeBytes))).toEqual([[0, 0], [0], [1, 1, 0], [0, 0, 1]])
    expect(state.hits).toBe(3)
  })

  test('a corruption fault draws a new gap if its probability changes, and draws nothing at probability 0 or 1', () => {
    const { stage, state } = stageOf({ kind: 'corrupt', probability: 0 })
    expect(corrupted(stage, 2)).toEqual([0, 0])
    state.harm = { kind: 'corrupt', probability: 1 }
    expect([corrupted(stage, 2), corrupted(stage, 1)]).toEqual([[1, 1], [1]])
  })
})

test('limit-bytes closes the connection after the last allowed byte, but not at an earlier end of the stream', () => {
  const { stage } = stageOf({ kind: 'limit-bytes', bytes: 3 })
  const chunk = chunkOf(3)
  const end = pieceOf(chunkOf(0), 0, 'end')
  expect([stage.moved?.(pieceOf(chunk, 2), false), stage.moved?.(end, true)]).toEqual([undefined, undefined])
  expect([stage.portionBytes?.(9, chunk), stage.fate?.('bytes')]).toEqual([1, 'pass'])
  expect(stage.moved?.(pieceOf(chunk, 1), true)).toBe('close')
  expect([stage.fate?.('bytes'), stage.fate?.('end'), stage.moved?.(end, true)]).toEqual(['close', 'pass', undefined])
})

test('the fault refuse counts no bytes as hits, and resets new connections', () => {
  expect(stageOf({ kind: 'refuse' }).stage).toMatchObject({ countsArriving: 'nothing', refuses: true })
})

test('slow-close delays the end of a stream, but not its bytes', () => {
  const { stage } = stageOf({ kind: 'slow-close', delayMs: millis(50) })
  const leavesAtMs = (content: Content) => stage.leavesAtMs?.(pieceOf(chunkOf(0), 0, content), 7, 0)
  expect([leavesAtMs('bytes'), leavesAtMs('end'), leavesAtMs('reset')]).toEqual([7, 57, 57])
})

test.each<readonly [StandingHarm, Partial<Stage>, bytes: string, end: string]>([
  [{ kind: 'partition', mode: 'hold' }, { countsArriving: 'everything', cut: 'hold' }, 'pass', 'pass'],
  [{ kind: 'partition', mode: 'drop' }, { countsArriving: 'everything', cut: 'drop' }, 'pass', 'pass'],
  [{ kind: 'blackhole' }, { countsArriving: 'everything', cut: 'drop' }, 'pass', 'pass'],
  [{ kind: 'timeout', afterMs: millis(5) }, { countsArriving: 'everything', atRemoval: 'close' }, 'discard', 'hold'],
  [{ kind: 'reset-peer', afterMs: millis(5) }, { countsArriving: 'nothing' }, 'discard', 'discard'],
  [{ kind: 'half-open' }, { countsArriving: 'ends' }, 'pass', 'hold'],
  [{ kind: 'slow-connect', delayMs: millis(5) }, { countsArriving: 'nothing', dialDelayMs: 5 }, 'pass', 'pass'],
  [bandwidth(0), { countsArriving: 'everything', bytesPerSecond: 0 }, 'hold', 'hold'],
  [bandwidth(1), { countsArriving: 'everything', bytesPerSecond: 1 }, 'pass', 'pass'],
  [latency(100, 10), { countsArriving: 'bytes', longestDelayMs: 110 }, 'pass', 'pass'],
  [latency(100, 10, 'normal'), { longestDelayMs: 130 }, 'pass', 'pass'],
  [latency(100, 10, 'pareto'), { longestDelayMs: 190 }, 'pass', 'pass'],
  [packetLoss, { countsArriving: 'nothing', longestDelayMs: 600 }, 'pass', 'pass'],
])(
  'the stage of the fault %j has the members %j; the fate of bytes is %s, and the fate of the end is %s',
  (harm, properties, bytes, end) => {
    const { stage } = stageOf(harm)
    expect(stage).toMatchObject(properties)
    expect([stage.fate?.('bytes') ?? 'pass', stage.fate?.('end') ?? 'pass']).toEqual([bytes, end])
  },
)

describe('an alarm', () => {
  test('the alarm of a timeout counts from its start or the last discarded bytes; a timeout of 0 has no alarm', () => {
    const { stage, state } = stageOf({ kind: 'timeout', afterMs: millis(5) })
    expect([stage.alarm?.(10), stage.alarm?.(12)]).toEqual(Array(2).fill({ atMs: 15, ending: 'close' }))
    stage.discarded?.(13)
    expect(stage.alarm?.(14)).toEqual({ atMs: 18, ending: 'close' })
    state.harm = { kind: 'timeout', afterMs: millis(0) }
    expect(stage.alarm?.(14)).toBeUndefined()
  })

  test('the delay of a reset starts at the first discarded bytes, even if more bytes are discarded later', () => {
    const { stage } = stageOf({ kind: 'reset-peer', afterMs: millis(5) })
    expect(stage.alarm?.(1)).toBeUndefined()
    for (const nowMs of [3, 4]) stage.discarded?.(nowMs)
    expect(stage.alarm?.(1)).toEqual({ atMs: 8, ending: 'reset' })
  })
})
