import { CannotPack } from '../event/error.ts'
import type { Columns } from './columns.ts'
import { FAIL, FLAG_ANSWERED, FLAG_VERSION, OK } from './history-columns.ts'

/** Counts and durations of operations that are not kept in memory. */
export interface Tally {
  readonly operations: number
  /** Counts of operations, by name of the function. */
  readonly functions: readonly FunctionTally[]
  readonly nodes: readonly NodeTally[]
  readonly answered: number
  /** Median duration of answered operations, within 0.1 %; NaN if there are none. */
  readonly p50Nanos: number
  readonly p99Nanos: number
  readonly lastTime: number
}

interface FunctionTally {
  readonly f: string
  readonly ok: number
  readonly fail: number
  readonly info: number
}

interface NodeTally {
  readonly node: string
  readonly operations: number
  readonly answered: number
}

const OUTCOMES = 3

export class Counting {
  readonly functions: Float64Array = new Float64Array(256 * OUTCOMES)
  #operations = 0
  #answered = 0
  #lastTime = 0
  readonly #latencies: Quantiles = new Quantiles()
  /** By node: the number of operations, and the number of answered operations. */
  readonly #nodes: number[] = []

  /** @throws CannotPack for models that judge all operations together. */
  add({ f, outcome, flags, callTime, returnTime, node }: Columns, row: number): void {
    const ended = outcome[row] ?? 0
    const flag = flags[row] ?? 0
    if ((flag & FLAG_VERSION) !== 0) throw new CannotPack('writes whose versions are only in their answers')
    this.#operations += 1
    const place = (f[row] ?? 0) * OUTCOMES + ended
    this.functions[place] = (this.functions[place] ?? 0) + 1
    const called = callTime[row] ?? 0
    const returned = returnTime[row] ?? 0
    if (called > this.#lastTime) this.#lastTime = called
    if (returned > this.#lastTime && returned !== Number.POSITIVE_INFINITY) this.#lastTime = returned
    const isAnswered = ended === OK || (ended === FAIL && (flag & FLAG_ANSWERED) !== 0)
    if (isAnswered) {
      this.#answered += 1
      this.#latencies.add(returned - called)
    }
    const at = node[row] ?? -1
    if (at < 0) return
    this.#nodes[2 * at] = (this.#nodes[2 * at] ?? 0) + 1
    if (isAnswered) this.#nodes[2 * at + 1] = (this.#nodes[2 * at + 1] ?? 0) + 1
  }

  get operations(): number {
    return this.#operations
  }

  counted(functions: readonly string[], nodes: readonly string[]): Counted {
    const at = (f: number, outcome: number): number => this.functions[f * OUTCOMES + outcome] ?? 0
    return {
      operations: this.#operations,
      functions: functions.map((f, n) => ({ f, ok: at(n, 0), fail: at(n, 1), info: at(n, 2) })),
      nodes: nodes.map((node, n) => ({
        node,
        operations: this.#nodes[2 * n] ?? 0,
        answered: this.#nodes[2 * n + 1] ?? 0,
      })),
      answered: this.#answered,
      lastTime: this.#lastTime,
      latencies: this.#latencies.counts,
    }
  }
}

/** A tally with its histogram of durations, so that several tallies can be added. Plain data. */
export interface Counted extends Pick<Tally, 'operations' | 'functions' | 'nodes' | 'answered' | 'lastTime'> {
  readonly latencies: Float64Array
}

export function tallyOf(counted: readonly Counted[]): Tally {
  const functions = new Map<string, FunctionTally>()
  const nodes = new Map<string, NodeTally>()
  const latencies = new Quantiles()
  for (const some of counted) {
    for (const { f, ok, fail, info } of some.functions) {
      const known = functions.get(f) ?? { ok: 0, fail: 0, info: 0 }
      functions.set(f, { f, ok: known.ok + ok, fail: known.fail + fail, info: known.info + info })
    }
    for (const { node, operations, answered } of some.nodes) {
      const known = nodes.get(node) ?? { operations: 0, answered: 0 }
      nodes.set(node, { node, operations: known.operations + operations, answered: known.answered + answered })
    }
    latencies.addAll(new Quantiles(some.latencies))
  }
  const sum = (of: (some: Counted) => number): number => counted.reduce((total, some) => total + of(some), 0)
  return {
    operations: sum(({ operations }) => operations),
    functions: [...functions.values()],
    nodes: [...nodes.values()],
    answered: sum(({ answered }) => answered),
    p50Nanos: latencies.at(0.5),
    p99Nanos: latencies.at(0.99),
    lastTime: counted.reduce((last, { lastTime }) => Math.max(last, lastTime), 0),
  }
}

/** Numbers below this are counted exactly, larger numbers to a precision of 1 in 2^10. */
const EXACT = 2 ** 11
const PARTS = 2 ** 10
/** Enough for 2^53. */
const MOST = EXACT + 42 * PARTS

/** A histogram for quantiles, whose memory does not depend on the number of values. */
export class Quantiles {
  readonly counts: Float64Array

  constructor(counts: Float64Array = new Float64Array(MOST)) {
    this.counts = counts
  }

  add(given: number): void {
    const place = placeOf(given)
    this.counts[place] = (this.counts[place] ?? 0) + 1
  }

  addAll({ counts }: Quantiles): void {
    for (let place = 0; place < MOST; place++) this.counts[place] = (this.counts[place] ?? 0) + (counts[place] ?? 0)
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** Returns the nearest-rank quantile, within 0.1 %; NaN if there are no values. */
  at(share: number): number {
    const rank = Math.max(1, Math.ceil(this.total * share))
    let sum = 0
    for (let place = 0; place < MOST; place++) {
      sum += this.counts[place] ?? 0
      if (sum >= rank) return valueAt(place)
    }
    return Number.NaN
  }
}

function placeOf(given: number): number {
  if (!(given > 0)) return 0
  if (given < EXACT) return Math.floor(given)
  if (given < 2 ** 31) {
    // The result is the same as that of the formula below, but needs no logarithm. Nearly all values take this path.
    const below = 21 - Math.clz32(given)
    return EXACT + (below - 1) * PARTS + ((given >>> below) - PARTS)
  }
  const octave = Math.floor(Math.log2(given))
  const part = Math.floor((given / 2 ** octave - 1) * PARTS)
  return Math.min(MOST - 1, EXACT + (octave - 11) * PARTS + part)
}

function valueAt(place: number): number {
  if (place < EXACT) return place
  const octave = 11 + Math.floor((place - EXACT) / PARTS)
  return Math.round(2 ** octave * (1 + (((place - EXACT) % PARTS) + 0.5) / PARTS))
}
