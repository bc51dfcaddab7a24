import {
  type CheckOptions,
  check,
  createBoardMemory,
  decideOwnShard,
  judgeBeside,
  judgeShare,
  levels,
  type Model,
  mayBeSettled,
  mergeShares,
  planShares,
  type Report,
  reportOfSettled,
  reportOfShares,
  settledBy,
} from '@chaosproxy/checker'
import { borrowHistory, type EventInput, type History, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'

const baseSeed = inject('seed')
const options: CheckOptions = {
  model: 'register',
  initial: null,
  levels,
  failedCas: 'drop',
  staleness: true,
  deadlineMs: millis(20_000),
  memoryBytes: 1e9,
  now: () => millis(0),
}

/**
 * Judges the shares one after another in random order, as threads would. The input of each is what a message would
 * transmit.
 */
function checkInShares(
  history: History,
  checkOptions: CheckOptions,
  { threads, random }: { readonly threads: number; readonly random: () => number },
): { readonly report: Report; readonly shares: number } {
  const plan = planShares(history, checkOptions, threads, 1)
  if (plan === undefined) return { report: check(history, checkOptions), shares: 0 }
  const board = createBoardMemory()
  const elsewhere = (): History => borrowHistory(structuredClone(history.lend!()))
  const answers = plan.shares
    .map((share) => ({ share, turn: random() }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ share }) => structuredClone(judgeShare(elsewhere(), checkOptions, share, board)))
  const linearizable = mergeShares(answers, history)
  const beside =
    linearizable.result === 'met' ? undefined : structuredClone(judgeBeside(elsewhere(), checkOptions, board))
  return {
    report: reportOfShares(history, checkOptions, { linearizable, beside, memory: board }),
    shares: plan.shares.length,
  }
}

function shapeFrom(random: () => number): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  const kind = below(4)
  return {
    processes: 2 + below(4),
    // There is no deadline, so histories must be small enough for a search of all keys together.
    operations: kind % 2 === 0 ? 8 + below(12) : 20 + below(60),
    keys: 2 + below(5),
    values: kind === 0 ? 3 : 0,
    cas: kind === 1,
    append: kind === 2,
    store: (['atomic', 'atomic', 'stale', 'replicas'] as const)[below(4)]!,
    unknown: random() < 0.5 ? 0.1 : 0,
    failed: random() < 0.3 ? 0.1 : 0,
    mutated: random() < 0.4 ? 0.02 : 0,
    finals: random() < 0.3,
  }
}

const touched: EventInput = { process: 'recorder', type: 'info', f: 'touched', key: 'k0', value: { what: 'EVAL' } }

test('a check on several threads returns the same report as a check on a single thread', () => {
  const seen = { met: 0, violated: 0, unknown: 0 }
  for (let seed = baseSeed; seed < baseSeed + 45; seed++) {
    const random = randomFrom(seed)
    const events = randomEvents(shapeFrom(random), random)
    // Some histories have an unknown initial value, and some records are incomplete.
    const initial = random() < 0.3 ? 'unknown' : null
    const isTouched = random() < 0.2
    const history = historyFromEvents(isTouched ? events.toSpliced(events.length - 8, 0, touched) : events, {
      shared: true,
    })
    const checkOptions: CheckOptions =
      random() < 0.5 ? { ...options, initial } : { ...options, initial, levels: ['linearizable', 'eventual'] }
    const { report } = checkInShares(history, checkOptions, { threads: 2 + Math.floor(random() * 3), random })
    const alone = check(history, checkOptions)
    seen[alone.levels.linearizable.result]++
    expect(report, `seed ${seed}`).toEqual(alone)
  }
  expect(seen.met).toBeGreaterThan(5)
  expect(seen.violated).toBeGreaterThan(5)
})

test('a check of a long history on three threads returns the same counterexamples as on a single thread', () => {
  const random = randomFrom(baseSeed)
  const shape = {
    ...shapeFrom(random),
    processes: 5,
    keys: 4,
    values: 0,
    cas: false,
    append: false,
    unknown: 0,
    finals: false,
  }
  const events = randomEvents({ ...shape, operations: 24_000, store: 'replicas', failed: 0, mutated: 0.001 }, random)
  const history = historyFromEvents(events, { shared: true })
  const { report, shares } = checkInShares(history, options, { threads: 3, random })
  expect(shares).toBe(2)
  expect(report.levels.sequential.result).toBe('violated')
  expect(report, `seed ${baseSeed}`).toEqual(check(history, options))
})

test('with a deadline of 0 ms, a check on two threads returns the same report as on a single thread', () => {
  const random = randomFrom(baseSeed)
  const shape = { ...shapeFrom(random), keys: 4, values: 3, cas: true, append: false, operations: 60 }
  const history = historyFromEvents(randomEvents(shape, random), { shared: true })
  const checkOptions: CheckOptions = { ...options, deadlineMs: millis(0), levels: ['linearizable'] }
  const { report, shares } = checkInShares(history, checkOptions, { threads: 2, random })
  expect(shares).toBe(2)
  expect(report, `seed ${baseSeed}`).toEqual(check(history, checkOptions))
})

test('all shares of a split check draw on one memory limit', () => {
  const board = createBoardMemory()
  const cells = new BigInt64Array(board)
  const random = randomFrom(baseSeed)
  const shape = { ...shapeFrom(random), keys: 2, values: 3, cas: true, append: false, store: 'atomic' as const }
  const history = historyFromEvents(randomEvents({ ...shape, mutated: 0 }, random), { shared: true })
  const plan = planShares(history, options, 2, 1)
  for (const share of plan!.shares) judgeShare(history, options, share, board)
  expect(cells[0], 'all is given back').toBe(0n)
  cells[0] = 1_000_000_000n
  const answers = plan!.shares.map((share) => judgeShare(history, options, share, board))
  expect(answers.map(({ result }) => result)).toContain('unknown')
})

test('planShares returns fewer shares, or none, if the memory limit is low', () => {
  const random = randomFrom(baseSeed)
  const shape = { ...shapeFrom(random), keys: 8, operations: 100, store: 'atomic' as const, append: false }
  const history = historyFromEvents(randomEvents(shape, random), { shared: true })
  const bytes = history.operations.length * 80
  const shares = (memoryBytes: number) =>
    planShares(history, { ...options, levels: ['linearizable'], memoryBytes }, 4, 1)?.shares.length
  expect([0, 1.5, 2.5, 10].map((times) => shares(times * bytes))).toEqual([undefined, undefined, 2, 4])
})

test('a share of a split check reports no violation if another share has found a violation in an earlier key', () => {
  const random = randomFrom(baseSeed)
  const shape = { ...shapeFrom(random), keys: 4, store: 'stale' as const, mutated: 0.2, values: 0, append: false }
  const history = historyFromEvents(randomEvents(shape, random), { shared: true })
  const board = createBoardMemory()
  // Records a violation on the board, as another share would. The position of this violation, -1, precedes every key of
  // this share.
  new BigInt64Array(board)[1] = -1n
  const [, second] = planShares(history, options, 2, 1)!.shares
  expect(judgeShare(history, options, second!, board).result).not.toBe('violated')
})

/** The model of a register, as users would write it. */
const cell: Model<Json> = {
  name: 'cell',
  initial: null,
  from: (value) => value,
  apply: (state, { f, value }) => (f === 'write' ? [value] : [state, state]),
  key: (state) => JSON.stringify(state),
  reads: ['read'],
}

test("a split check by a user's model returns the same report as an unsplit check", () => {
  const seen = { met: 0, violated: 0, unknown: 0 }
  for (let seed = baseSeed; seed < baseSeed + 45; seed++) {
    const random = randomFrom(seed)
    const events = randomEvents({ ...shapeFrom(random), cas: false, append: false }, random)
    const isTouched = random() < 0.2
    const history = historyFromEvents(isTouched ? events.toSpliced(events.length - 8, 0, touched) : events)
    const checkOptions: CheckOptions = { ...options, model: cell, initial: random() < 0.2 ? 'given' : null }
    expect(mayBeSettled(history, checkOptions)).toBe(true)
    const of = 1 + Math.floor(random() * 4)
    const answers = Array.from({ length: of }, (_, shard) => decideOwnShard(history, cell, checkOptions, { shard, of }))
    const alone = check(history, checkOptions)
    seen[alone.levels.linearizable.result]++
    expect(reportOfSettled(history, cell, checkOptions, settledBy(answers)), `seed ${seed}`).toEqual(alone)
  }
  expect(seen.met).toBeGreaterThan(5)
  expect(seen.violated).toBeGreaterThan(5)
})

test('reportOfSettled refuses the answer of a worker that reports a violation in a linearizable part of the history', () => {
  const history = historyFromEvents([
    { process: 0, type: 'invoke', f: 'write', value: 1 },
    { process: 0, type: 'ok', f: 'write', value: 1 },
  ])
  const checkOptions: CheckOptions = { ...options, model: cell }
  expect(() => reportOfSettled(history, cell, checkOptions, { result: 'violated', parts: [0] })).toThrow(
    'a worker reported violations in parts that are linearizable',
  )
})
