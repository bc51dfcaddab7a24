import type { History } from '@chaosproxy/history'
import { entryOf } from '../check/registry.ts'
import { encodingBytes, reportUnread, takeEncoding } from '../judge/encoding-memory.ts'
import { judgeOthers, type Others, reportOf } from '../judge/judge-consistency.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { isWeak, levels } from '../levels/levels.ts'
import { type Budget, createBudget, inTime, unlimited } from '../limits/budget.ts'
import type { Limit } from '../limits/race.ts'
import { withDoubts } from '../record/doubts.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { hasLostVersions } from '../record/lost-versions.ts'
import { withMisreading } from '../record/misreading.ts'
import { beginningWith, counterexampleOf, LINEARIZABLE_SHARE, openedRegisters, registersOf } from '../register/check.ts'
import { encodeRegister } from '../register/encoding/encode.ts'
import { registerEntry } from '../register/entry.ts'
import { decideLinearizable } from '../register/linearizable/decide.ts'
import { reasonUndecided } from '../register/linearizable/portfolio/answer.ts'
import { OUT_OF_TIME, type Reason } from '../verdict/reason.ts'
import { type Counterexample, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { joined, orderOfRows, type PackedOrders, witnessOfPacked } from '../verdict/witness-order.ts'
import { type Board, type BoardMemory, boardOf } from './board.ts'

/**
 * The division of one history among several threads. Each judges a share of the keys for linearizability, which is
 * local (Herlihy & Wing 1990, Theorem 1); one thread judges the levels that consider all keys together. The merged
 * answer is that of `check`.
 */
export interface Plan {
  /** By key of the history: its share; the first entry is for operations without a key. */
  readonly shares: readonly Uint8Array[]
  /** Whether a separate thread judges the other levels. Its answer is not used if the history is linearizable. */
  readonly beside: boolean
}

/** The options for judging a share: plain data, except for the clock. */
export type ShareOptions = CheckOptions<string>

/** Keeps only the levels of consistency, because only for these levels can threads judge keys separately. */
export const narrowed = (options: ShareOptions): CheckOptions => ({
  ...options,
  levels: levels.filter((level) => options.levels.includes(level)),
})

/** The answer for a share, as plain data. */
export type ShareAnswer =
  | { readonly result: 'met'; readonly orders: readonly KeyOrder[]; readonly keys: number }
  /** Like `met`, with packed orders. Keys have the same numbers as in the history. */
  | { readonly result: 'packed'; readonly packed: PackedOrders; readonly keys: number }
  | { readonly result: 'violated'; readonly rank: number; readonly counterexample: Counterexample | undefined }
  | { readonly result: 'unknown'; readonly limit: Limit; readonly undecided: number; readonly keys: number }

interface KeyOrder {
  /** The key's position in the report. */
  readonly place: number
  readonly key: string | undefined
  readonly rows: Int32Array
}

/** The minimum number of operations for which another thread is worthwhile. */
const LEAST_OPERATIONS = 20_000

/**
 * The minimum time per operation for which starting threads is worthwhile. Each thread encodes the operations again.
 */
const LEAST_MS_FOR_EACH = 0.005

/**
 * Distributes the keys over at most `most` threads; each thread needs memory. Undefined if a single thread is as fast.
 */
export function planShares(
  history: History,
  options: ShareOptions,
  most: number,
  leastOperations: number = LEAST_OPERATIONS,
): Plan | undefined {
  const { key, length } = history.operations
  if (most < 2 || length < leastOperations || !entryOf(options.model).judge.sharesKeys) return undefined
  if (!options.levels.includes('linearizable') || hasLostVersions(history)) return undefined
  if (history.clocks !== undefined) return undefined
  if (length >= LEAST_OPERATIONS && options.deadlineMs < length * LEAST_MS_FOR_EACH) return undefined
  const counts = new Int32Array(history.keys.length + 1)
  for (let i = 0; i < length; i++) counts[key[i] + 1]++
  const keys = Array.from(counts.keys()).filter((k) => counts[k] > 0)
  const threads = Math.min(most, Math.floor(options.memoryBytes / encodingBytes(history)))
  if (keys.length < 2 || threads < 2) return undefined
  const beside = options.levels.some(isGlobal)
  // With only two threads, each takes a share. The thread that finishes its share first then judges the other levels.
  const some = Math.min(beside && threads > 2 ? threads - 1 : threads, keys.length)
  const shares = Array.from({ length: some }, () => new Uint8Array(counts.length))
  const loads = new Float64Array(some)
  for (const k of keys.sort((a, b) => counts[b] - counts[a] || a - b)) {
    const least = loads.indexOf(loads.reduce((least, load) => Math.min(least, load)))
    shares[least][k] = 1
    loads[least] += counts[k]
  }
  return { shares, beside }
}

const isGlobal = (level: string): boolean => level === 'sequential' || isWeak(level)

/** Judges the keys of one share. Stops if a violation in another share takes precedence. */
export function judgeShare(
  history: History,
  options: ShareOptions,
  share: Uint8Array,
  memory: BoardMemory,
): ShareAnswer {
  const board = boardOf(memory)
  const whole = createBudget(options, board.ledger)
  const budget = options.levels.some(isGlobal) ? whole.within(options.deadlineMs * LINEARIZABLE_SHARE) : whole
  if (takeEncoding(history, whole) !== undefined) return undecidedShare(history, share, 'memory')
  try {
    return inTime(
      () => judgeKeys(history, narrowed(options), { share, budget, board }),
      () => undecidedShare(history, share, 'time'),
    )
  } finally {
    whole.giveBack(encodingBytes(history))
  }
}

/** The answer for keys that were not decided. */
export const undecidedShare = ({ keys }: History, share: Uint8Array, limit: Limit): ShareAnswer => ({
  result: 'unknown',
  limit,
  undecided: share.filter(Boolean).length,
  keys: keys.length,
})

interface Sharing {
  readonly share: Uint8Array
  readonly budget: Budget
  readonly board: Board
}

function judgeKeys(history: History, options: CheckOptions, { share, budget, board }: Sharing): ShareAnswer {
  const { race, claim } = board
  const judged = judgeableOf(history, registerEntry.record, options.initial)?.history ?? history
  const { encoded, decoder } = encodeRegister(judged, options, budget, (key) => share[key + 1] === 1)
  const answer = decideLinearizable(encoded, decoder.value, budget, race)
  if (answer.result === 'unknown') {
    return { result: 'unknown', limit: answer.limit, undecided: answer.undecided, keys: encoded.keys }
  }
  if (answer.result === 'violated') {
    claim(answer.rank)
    const isBeaten = race.isBeaten(answer.rank)
    const counterexample = isBeaten ? undefined : counterexampleOf(answer, decoder, options.explain !== false, budget)
    return { result: 'violated', rank: answer.rank, counterexample: counterexample && plain(counterexample) }
  }
  if (answer.packed !== undefined) {
    const { keys, ends, rows } = answer.packed
    const packed = { keys: keys.map(decoder.keyNumber), ends, rows: rows.subarray(0, ends.at(-1) ?? 0) }
    return { result: 'packed', packed, keys: encoded.keys }
  }
  const orders = answer.orders.map(({ key, rows }) => ({ place: key, key: decoder.keyName(key), rows: rows() }))
  return { result: 'met', orders, keys: encoded.keys }
}

/** Copies a counterexample as plain data, because messages cannot carry getters. */
const plain = (counterexample: Counterexample): Counterexample => ({ ...counterexample })

/** Judges the levels that consider all keys together, assuming that the history is not linearizable. */
export function judgeBeside(history: History, given: ShareOptions, memory: BoardMemory): Others {
  const options = narrowed(given)
  const budget = createBudget(options, boardOf(memory).ledger)
  const cramped = takeEncoding(history, budget)
  if (cramped !== undefined) return undecidedBeside(options, cramped)
  try {
    const judged = judgeableOf(history, registerEntry.record, options.initial)?.history ?? history
    const registers = inTime(() => registersOf(judged, options, budget))
    return registers === undefined
      ? undecidedBeside(options, OUT_OF_TIME)
      : judgeOthers(openedRegisters(registers, options), registerEntry, options, budget, undefined)
  } finally {
    budget.giveBack(encodingBytes(history))
  }
}

/** The answer for levels that were not decided. */
export const undecidedBeside = ({ levels: requested }: Pick<ShareOptions, 'levels'>, reason: Reason): Others => ({
  decided: Object.fromEntries(requested.filter(isGlobal).map((level) => [level, unknownBecause(reason)])),
  lost: [],
  accounting: undefined,
  staleness: undefined,
  owed: undefined,
})

/** Sums up answers that decided nothing. */
export const leftOpen = (open: readonly { readonly limit: Limit; readonly undecided: number }[]) => ({
  limit: open.some(({ limit }) => limit === 'time') ? ('time' as const) : ('memory' as const),
  undecided: open.reduce((sum, { undecided }) => sum + undecided, 0),
})

/** Merges the answers of all shares. */
export function mergeShares(answers: readonly ShareAnswer[], { keys: names }: Pick<History, 'keys'>): Verdict {
  const violated = answers.filter((answer) => answer.result === 'violated').sort((a, b) => a.rank - b.rank)
  const [first] = violated
  if (first?.counterexample !== undefined) return { result: 'violated', counterexample: first.counterexample }
  const open = answers.filter((answer) => answer.result === 'unknown')
  if (open.length > 0) {
    const { limit, undecided } = leftOpen(open)
    const keys = open.reduce((most, answer) => Math.max(most, answer.keys), 0)
    return unknownBecause(reasonUndecided(limit, undecided, keys))
  }
  const packed = answers.flatMap((answer) => (answer.result === 'packed' ? [answer.packed] : []))
  if (packed.length > 0) return { result: 'met', witness: witnessOfPacked(joined(packed), (key) => names[key]) }
  const orders = answers.flatMap((answer) => (answer.result === 'met' ? answer.orders : []))
  orders.sort((a, b) => a.place - b.place)
  const operations = orders.reduce((total, { rows }) => total + rows.length, 0)
  return {
    result: 'met',
    witness: {
      kind: 'order',
      orders: orders.map(({ key, rows }) => orderOfRows(key, operations, () => Array.from(rows))),
    },
  }
}

export interface JudgedShares {
  readonly linearizable: Verdict
  readonly beside: Others | undefined
  readonly memory: BoardMemory
}

/**
 * Returns the report of a history whose shares were judged. `beside` is the answer of `judgeBeside`, needed unless the
 * history is linearizable.
 */
export function reportOfShares(
  history: History,
  given: ShareOptions,
  { linearizable, beside, memory }: JudgedShares,
): Report {
  const options = narrowed(given)
  const entry = registerEntry
  const budget = createBudget(options, boardOf(memory).ledger)
  const cramped = takeEncoding(history, budget)
  if (cramped !== undefined) return reportUnread(history, entry, options, cramped)
  const judgeable = judgeableOf(history, entry.record, options.initial)
  // Encodes without a time limit, because verdicts on shares (sets of keys) are reported even after the deadline.
  const registers = registersOf(judgeable?.history ?? history, options, unlimited)
  const opened = openedRegisters(registers, options)
  const others =
    beside === undefined
      ? judgeOthers(opened, entry, options, budget, linearizable)
      : beginningWith(linearizable, beside, registers, options, budget)
  const report = reportOf(opened, entry, options, linearizable, others)
  const doubted = judgeable === undefined ? report : withDoubts(report, history, entry, judgeable)
  return withMisreading(doubted, history, entry, options)
}
