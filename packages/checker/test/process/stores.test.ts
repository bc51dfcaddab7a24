import type { Level } from '@chaosproxy/checker'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { type StoreRun, simulateStore } from '../../bench/stores.ts'
import { createBudget } from '../../src/limits/budget.ts'
import { createWeaker } from '../../src/register/causal/decide.ts'
import { encodeRegister } from '../../src/register/encoding/encode.ts'
import { faultOfWitness } from '../../src/register/replay/replay.ts'
import { findSequentialOrder } from '../../src/register/sequential/decide.ts'
import { completion, orderWrites } from '../../src/register/sequential/orders.ts'
import { readsFrom } from '../../src/register/sequential/reads-from.ts'
import { saturate } from '../../src/register/sequential/saturation.ts'
import { type Op, operationsOf, type Reading } from '../brute-force.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'

// Tests longer histories. Simulated stores produce histories of known levels. Random histories are judged by the
// checker, and by a simple implementation of the same definitions that uses matrices (`byMatrix`).

const baseSeed = inject('seed')
const reading: Reading = { initial: null, failedCas: 'drop' }

function judge(over: Partial<StoreRun>, levels: readonly Level[]): readonly string[] {
  const run: StoreRun = {
    store: 'sc',
    operations: 3_000,
    processes: 8,
    keys: 10,
    values: 0,
    unknown: 0,
    planted: 'none',
    seed: baseSeed,
    ...over,
  }
  const report = checkHistory(historyFromEvents(simulateStore(run), { expectedOperations: run.operations }), { levels })
  return levels.map((level) => resultOf(report, level))
}

const causal: readonly Level[] = ['causal', 'causal-convergence', 'session']

test('the simulated stores atomic, sc and buffered produce sequentially consistent histories', () => {
  for (const store of ['atomic', 'sc', 'buffered'] as const) {
    for (const seed of [1, 2, 3]) {
      const over = { store, seed: baseSeed + seed, unknown: seed === 3 ? 0.01 : 0 }
      expect(judge(over, ['sequential']), `${store} ${over.seed}`).toEqual(['met'])
      expect(judge({ ...over, keys: 1 }, ['sequential']), `one key, ${store} ${over.seed}`).toEqual(['met'])
    }
  }
})

test('the simulated stores sc and buffered produce sequentially consistent histories even with repeated values', () => {
  for (const store of ['sc', 'buffered'] as const) {
    for (const seed of [1, 2]) {
      const over = { store, operations: 800, processes: 10, values: 5, unknown: 0.01, seed: baseSeed + seed }
      expect(judge(over, ['sequential']), `${store} ${over.seed}`).toEqual(['met'])
    }
  }
})

test('check finds a violation in a run of twelve processes exactly if the run has a planted contradiction', () => {
  for (const planted of ['none', 'buffering', 'readers', 'puzzle'] as const) {
    const over = { planted, processes: 12, unknown: 0.05, seed: baseSeed }
    expect(judge(over, ['sequential']), `${planted} ${baseSeed}`).toEqual([planted === 'none' ? 'met' : 'violated'])
  }
})

test('check finds a single planted contradiction in the middle of a long run', () => {
  for (const planted of ['buffering', 'readers', 'puzzle'] as const) {
    expect(judge({ planted, processes: 12 }, ['sequential']), planted).toEqual(['violated'])
    // Only `buffering` certainly leaves the history causal. In `readers` and `puzzle`, planted reads return writes of
    // other processes without using the store. If the reader's replica lags behind the writer's, the reader's later
    // reads may then violate causality.
    if (planted === 'buffering')
      expect(judge({ planted, processes: 12 }, causal), planted).toEqual(['met', 'met', 'met'])
  }
})

test('a counterexample to the level sequential says that neither of its two writes can come first', () => {
  // With other seeds, the surrounding operations already order the two writes, so no case distinction is needed. These
  // three seeds need one.
  for (const seed of [2, 4, 5]) {
    const events = simulateStore({
      store: 'sc',
      operations: 2_000,
      processes: 12,
      keys: 10,
      values: 0,
      unknown: 0,
      planted: 'puzzle',
      seed,
    })
    const history = historyFromEvents(events, { expectedOperations: 3_000 })
    const verdict = checkHistory(history, { levels: ['sequential'] }).levels.sequential
    if (verdict.result !== 'violated') throw new Error(verdict.result)
    expect(verdict.counterexample.operations.length, `${seed}`).toBeLessThanOrEqual(24)
    expect(verdict.counterexample.sentence).toMatch(
      /^Every order contradicts some read, whichever of process \d+'s write of \d to planted [xy] and .* comes first\.$/,
    )
  }
})

test('a store with causal delivery and last-writer-wins meets the causal levels and violates sequential consistency', () => {
  for (const seed of [1, 2, 3]) {
    const results = judge({ store: 'causal', seed: baseSeed + seed }, ['sequential', ...causal])
    expect(results, `${baseSeed + seed}`).toEqual(['violated', 'met', 'met', 'met'])
  }
})

test(`orderWrites and findSequentialOrder agree on sequential consistency, on ${manyOf(300)} runs`, () => {
  let violated = 0
  for (let n = 0; n < many(300); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const run = {
      store: n % 4 < 2 ? 'sc' : 'buffered',
      operations: 120,
      processes: 3 + (n % 4),
      keys: 2 + (n % 3),
      seed,
    } as const
    const events = simulateStore({ ...run, values: 0, unknown: 0.02, planted: 'none' })
    if (n % 2 === 1) {
      const reads = events.filter(({ type, f }) => type === 'ok' && f === 'read')
      const changed = reads[Math.floor(random() * reads.length)]
      const other = reads.find((read) => read.key === changed?.key && read.value !== changed?.value)
      if (changed !== undefined && other !== undefined)
        events[events.indexOf(changed)] = { ...changed, value: other.value }
    }
    const { encoded } = encodeRegister(smallHistory(events), reading)
    const budget = createBudget({ deadlineMs: millis(5_000), memoryBytes: 1e8, now: () => millis(performance.now()) })
    const expected = findSequentialOrder(encoded, () => null, budget).result
    const facts = readsFrom(encoded)
    if (facts.result !== 'unique') continue
    const saturated = saturate(facts, budget)
    if (saturated.result !== 'saturated') {
      expect(expected, `seed ${seed}`).toBe('violated')
      violated++
      continue
    }
    const answer = orderWrites(saturated.saturation, budget)
    expect(answer.result, `seed ${seed}`).toBe(expected)
    if (answer.result !== 'met') continue
    const fault = faultOfWitness(facts.encoded, completion(saturated.saturation), 'process order', () => null)
    expect(fault, `seed ${seed}`).toBe(undefined)
  }
  expect(violated).toBeGreaterThan(atLeast(30))
})

test(`the verdicts on causal levels and pram agree with a transitive closure on ${manyOf(400)} histories of 15 to 60 operations`, () => {
  const violated: { [level: string]: number } = {}
  for (let n = 0; n < many(400); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const below = (count: number): number => Math.floor(random() * count)
    const shape = {
      processes: 2 + below(5),
      operations: 15 + below(45),
      keys: 1 + below(3),
      values: 0,
      cas: false,
      store: (['replicas', 'scattered', 'scattered', 'stale'] as const)[below(4)]!,
      unknown: random() < 0.3 ? 0.1 : 0,
      failed: 0,
      mutated: random() < 0.5 ? 0.03 : 0,
    }
    const history = smallHistory(randomEvents(shape, random))
    const { encoded } = encodeRegister(history, reading)
    const budget = createBudget({ deadlineMs: millis(5_000), memoryBytes: 1e8, now: () => millis(performance.now()) })
    const weaker = createWeaker(encoded, readsFrom(encoded), budget)
    for (const [level, met] of Object.entries(byMatrix(operationsOf(history, reading)))) {
      const { result } = weaker.decide(level as keyof ReturnType<typeof byMatrix>)
      if (result !== (met ? 'met' : 'violated')) expect.fail(`seed ${seed}: ${level} is ${result}`)
      violated[level] = (violated[level] ?? 0) + (met ? 0 : 1)
    }
    weaker.release()
  }
  for (const [level, count] of Object.entries(violated)) {
    expect(count, level).toBeGreaterThan(atLeast(20))
    expect(count, level).toBeLessThan(many(400))
  }
})

interface ByMatrix {
  readonly causal: boolean
  readonly 'causal-memory': boolean
  readonly 'causal-convergence': boolean
  readonly pram: boolean
}

/**
 * Decides the bad patterns of Bouajjani et al. (POPL 2017) on transitive closures, for distinct values. Decides PRAM in
 * the same way.
 */
function byMatrix(ops: readonly Op[]): ByMatrix {
  const all = ops.map((_, i) => i)
  const isWrite = (i: number): boolean => ops[i]!.f === 'write'
  const inProcess = (a: number, b: number): boolean =>
    ops[a]!.process === ops[b]!.process && ops[a]!.completed && ops[a]!.call < ops[b]!.call
  const source = all.map((r) =>
    all.find((w) => !isWrite(r) && isWrite(w) && ops[w]!.key === ops[r]!.key && ops[w]!.input === ops[r]!.output),
  )
  const reads = all.filter((i) => !isWrite(i))
  if (reads.some((r) => ops[r]!.output !== null && source[r] === undefined)) {
    return { causal: false, 'causal-memory': false, 'causal-convergence': false, pram: false }
  }
  const close = (given: boolean[][]): boolean[][] => {
    for (const via of all) {
      for (const a of all) {
        if (!given[a]![via]) continue
        for (const b of all) if (given[via]![b]) given[a]![b] = true
      }
    }
    return given
  }
  const matrix = (holds: (a: number, b: number) => boolean): boolean[][] =>
    close(all.map((a) => all.map((b) => holds(a, b))))
  const isAcyclic = (given: boolean[][]): boolean => all.every((i) => !given[i]![i])
  /**
   * Returns the writes of the read's key that precede the read `r`, except the write that `r` saw. If `r` returned the
   * initial value, any such write shows that `r` is wrong.
   */
  const rivals = (before: boolean[][], r: number): number[] =>
    all.filter((w) => isWrite(w) && w !== source[r] && ops[w]!.key === ops[r]!.key && before[w]![r])
  /**
   * Derives the orders of writes that the given reads imply: if another write precedes a read, it precedes the write
   * that the read saw. Repeats this until no order is new. Reports whether the orders contain no cycle.
   */
  const happened = (start: boolean[][], some: readonly number[]): boolean => {
    const before = start.map((row) => [...row])
    for (let changed = true; changed; ) {
      changed = false
      for (const r of some) {
        for (const w of rivals(before, r)) {
          if (source[r] === undefined) return false
          if (before[w]![source[r]]) continue
          before[w]![source[r]] = true
          changed = true
        }
      }
      close(before)
    }
    return isAcyclic(before)
  }
  const processes = [...new Set(ops.map(({ process }) => process))]
  const own = (process: number): number[] => reads.filter((r) => ops[r]!.process === process)
  const pram = processes.every((process) =>
    happened(
      matrix((a, b) => inProcess(a, b) || (source[b] === a && ops[b]!.process === process)),
      own(process),
    ),
  )
  const causal = matrix((a, b) => inProcess(a, b) || source[b] === a)
  if (!isAcyclic(causal)) return { causal: false, 'causal-memory': false, 'causal-convergence': false, pram }
  const overwritten = reads.some((r) => rivals(causal, r).some((w) => source[r] === undefined || causal[source[r]]![w]))
  const conflicts = (a: number, b: number): boolean =>
    reads.some((r) => source[r] === b && rivals(causal, r).includes(a))
  return {
    causal: !overwritten,
    'causal-memory': processes.every((process) => happened(causal, own(process))),
    'causal-convergence': !overwritten && isAcyclic(matrix((a, b) => causal[a]![b]! || conflicts(a, b))),
    pram,
  }
}
