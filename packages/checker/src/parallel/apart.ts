import type { History, Json } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { encodingBytes, takeEncoding } from '../judge/encoding-memory.ts'
import { isByFinalReads, type Others, reportOf } from '../judge/judge-consistency.ts'
import type { Report } from '../judge/report.ts'
import { type Level, levels } from '../levels/levels.ts'
import { createBudget, inTime } from '../limits/budget.ts'
import type { Limit } from '../limits/race.ts'
import { reasonToDoubt } from '../record/doubts.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { openedRegisters, registersOf } from '../register/check.ts'
import { registerEntry } from '../register/entry.ts'
import { type FinallyRead, finallyRead, owedFor } from '../register/eventual/decide.ts'
import { decideLinearizable } from '../register/linearizable/decide.ts'
import { createLongKey } from '../register/linearizable/distinct/long-key.ts'
import type { LongValue } from '../register/linearizable/distinct/long-values.ts'
import { reasonUndecided } from '../register/linearizable/portfolio/answer.ts'
import { MOST_NAMED, NO_FINAL_READS } from '../verdict/reason.ts'
import { unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { leftOpen, narrowed, type ShareOptions } from './shares.ts'

// Judges some keys of registers, for workers that hold only a part of a history. If all keys are linearizable, the
// workers' answers suffice for the report. Otherwise the other levels need all keys together.

/** The answer for some keys, as plain data. */
export type ApartAnswer =
  | {
      readonly result: 'met'
      readonly unknown: number
      readonly happened: number
      /** Whether the history contains appends to texts. If so, operations of unknown outcome count as undecided. */
      readonly isJoined: boolean
      readonly finally: FinallyRead
      /** The levels that final reads seem to violate, but that are met because the history is linearizable. */
      readonly contrary: readonly string[]
    }
  /** The first violated key of each part. */
  | { readonly result: 'violated'; readonly keys: readonly ViolatedKey[] }
  | { readonly result: 'unknown'; readonly limit: Limit; readonly undecided: number; readonly keys: number }
  /** The keys cannot be judged separately, because the recorder marked parts of the history as unknown. */
  | { readonly result: 'whole'; readonly why: string }

/** A key that is not linearizable; null for operations without a key. */
export interface ViolatedKey {
  readonly key: string | null
  /**
   * The values whose operations contradict linearizability by themselves. Undefined if the contradiction needs all
   * operations of the key.
   */
  readonly values?: readonly (number | null)[] | undefined
}

/** Judges the keys of a part of a history. @throws UserError for an operation that registers do not support. */
export function judgeApart(history: History, options: ShareOptions): ApartAnswer {
  const budget = createBudget(narrowed(options))
  const unknown = (limit: Limit): ApartAnswer => {
    const keys = Math.max(1, history.keys.length)
    return { result: 'unknown', limit, undecided: keys, keys }
  }
  if (takeEncoding(history, budget) !== undefined) return unknown('memory')
  try {
    return inTime(
      () => judgeRegisters(history, options, budget),
      () => unknown('time'),
    )
  } finally {
    budget.giveBack(encodingBytes(history))
  }
}

/** Passes a key's operations part by part to `take`, and stops if it returns false. */
export type EachPart = (take: (part: History) => boolean) => boolean

/**
 * Judges one key whose operations exceed the memory. `rest` is the history without them. Undefined if the key needs all
 * its operations at once.
 */
export function judgeLongKey(
  {
    key,
    operations,
    eachPart,
  }: { readonly key: string | null; readonly operations: number; readonly eachPart: EachPart },
  { marks }: Pick<History, 'marks'>,
  options: ShareOptions,
): ApartAnswer | undefined {
  if (marks.length > 0 || isUnknownStart(options.initial)) return undefined
  const budget = createBudget(options)
  const unknown = (limit: Limit): ApartAnswer => ({ result: 'unknown', limit, undecided: 1, keys: 1 })
  return inTime(
    () => {
      const judge = createLongKey(operations, options.initial, budget)
      let isStopped = false
      const isAll = eachPart((part) => {
        isStopped = !judge.take(part)
        return !isStopped
      })
      // `judge.take` refused no part, but `eachPart` ended early: one part cannot be judged before the key's other
      // operations are known.
      if (!isAll && !isStopped) return undefined
      const answer = judge.answer()
      switch (answer.result) {
        case 'met': {
          const { firstCall: call, happened } = answer
          const firstUnread = call === undefined ? [] : [{ key, call }]
          const seen = { read: 0, unread: firstUnread.length, firstUnread }
          return { result: 'met', unknown: answer.unknown, happened, isJoined: false, finally: seen, contrary: [] }
        }
        case 'violated':
          return { result: 'violated', keys: [{ key, values: valuesOf(answer.values, options.initial) }] }
        case 'out of memory':
          return unknown('memory')
        case 'not applicable':
          return undefined
        default:
          return answer satisfies never
      }
    },
    () => unknown('time'),
  )
}

/**
 * Replaces `'initial'` by the values that a read of the initial value may return: the initial value, if it is a number,
 * and null.
 */
const valuesOf = (values: readonly LongValue[], initial: Json): readonly (number | null)[] =>
  values.flatMap((value) => {
    if (value !== 'initial') return [value]
    return typeof initial === 'number' ? [initial, null] : [null]
  })

function judgeRegisters(history: History, given: ShareOptions, budget: ReturnType<typeof createBudget>): ApartAnswer {
  const options = narrowed(given)
  const judgeable = judgeableOf(history, registerEntry.record, options.initial)
  if (judgeable !== undefined && reasonToDoubt(judgeable) !== undefined)
    return { result: 'whole', why: 'the recorder marked parts of the record as unknown' }
  const registers = registersOf(judgeable?.history ?? history, options, budget)
  const { encoded, decoder, parts } = registers
  const answer = decideLinearizable(encoded, decoder.value, budget, undefined, parts)
  if (answer.result === 'unknown')
    return { result: 'unknown', limit: answer.limit, undecided: answer.undecided, keys: encoded.keys }
  if (answer.result === 'violated')
    return { result: 'violated', keys: [{ key: decoder.keyName(answer.part.key[0]) ?? null }] }
  const opened = openedRegisters(registers, options)
  const { total, happened = 0 } = opened.info()
  const seen = finallyRead(encoded, decoder, budget)
  const { eventual, convergent } = seen.read === 0 ? {} : opened.convergences(budget)
  const contrary = Object.entries({ eventual, convergent }).filter(([, verdict]) => verdict?.result === 'violated')
  return {
    result: 'met',
    unknown: total,
    happened,
    isJoined: encoded.hasAppend,
    finally: seen,
    contrary: contrary.map(([level]) => level),
  }
}

/** Combines the answers for parts with different keys. */
export function togetherApart(answers: readonly ApartAnswer[]): ApartAnswer {
  const whole = answers.find((answer) => answer.result === 'whole')
  if (whole !== undefined) return whole
  const violated = answers.flatMap((answer) => (answer.result === 'violated' ? answer.keys : []))
  if (violated.length > 0) return { result: 'violated', keys: violated }
  const open = answers.flatMap((answer) => (answer.result === 'unknown' ? [answer] : []))
  if (open.length > 0)
    return {
      result: 'unknown',
      ...leftOpen(open),
      keys: sumOf(open, ({ keys }) => keys),
    }
  const met = answers.flatMap((answer) => (answer.result === 'met' ? [answer] : []))
  const seen = met.map((answer) => answer.finally)
  return {
    result: 'met',
    unknown: sumOf(met, ({ unknown }) => unknown),
    happened: sumOf(met, ({ happened }) => happened),
    isJoined: met.some(({ isJoined }) => isJoined),
    finally: {
      read: sumOf(seen, ({ read }) => read),
      unread: sumOf(seen, ({ unread }) => unread),
      firstUnread: firstOf(seen.flatMap(({ firstUnread }) => firstUnread)),
    },
    contrary: [...new Set(met.flatMap(({ contrary }) => contrary))],
  }
}

const sumOf = <Some>(some: readonly Some[], of: (each: Some) => number): number =>
  some.reduce((sum, each) => sum + of(each), 0)

/** The report on a history whose keys are all linearizable. */
export function reportOfApart(answer: Met, given: ShareOptions): Report {
  const options = narrowed(given)
  const total = answer.unknown
  const happened = answer.isJoined ? 0 : answer.happened
  const decided = Object.fromEntries(
    levels
      .filter((level) => isByFinalReads(level) && options.levels.includes(level))
      .map((level): [Level, Verdict] => [level, convergenceOf(level, answer)]),
  )
  const others: Others = { decided, lost: [], accounting: undefined, staleness: undefined, owed: undefined }
  const info = () => ({ total, happened, undecided: total - happened })
  return reportOf({ info }, registerEntry, options, { result: 'met', witness: { kind: 'order', orders: [] } }, others)
}

type Met = Extract<ApartAnswer, { readonly result: 'met' }>

function convergenceOf(level: Level, { finally: { read, unread, firstUnread }, contrary }: Met): Verdict {
  if (read === 0) return unknownBecause(NO_FINAL_READS)
  const owed = owedFor(
    firstUnread.map(({ key }) => key ?? undefined),
    unread,
  )
  if (owed !== undefined) return unknownBecause(owed)
  return contrary.includes(level)
    ? { result: 'met', witness: { kind: 'implied', by: 'linearizable' } }
    : { result: 'met', witness: { kind: 'convergence', values: [] } }
}

/**
 * The report on a history of which only the rows of violated keys are available. `part` is the report on these rows. A
 * level that is violated in `part` is violated; every other level is unknown.
 */
export function reportOfKeys(part: Report, unknownOutcomes: number, why: string): Report {
  const levelsOf = Object.entries(part.levels).map(([level, verdict]): [string, Verdict] => {
    if (verdict.result === 'violated') return [level, verdict]
    const alone =
      verdict.result === 'met' ? `; judged without the other keys, the keys that are not linearizable are ${level}` : ''
    return [level, unknownBecause({ kind: 'memory', text: `${why}${alone}` })]
  })
  const verdicts = Object.fromEntries(levelsOf) as Report['levels']
  const { staleness: _, ...rest } = part
  return {
    ...rest,
    levels: verdicts,
    headline: registerEntry.judge.headline(verdicts, undefined),
    info: { total: unknownOutcomes },
  }
}

/** Returns the report on a history whose operations are not in memory, if no key is violated but some are undecided. */
export function reportUndecided(
  { limit, undecided, keys }: Extract<ApartAnswer, { readonly result: 'unknown' }>,
  unknownOutcomes: number,
  why: string,
): Report {
  const open: Verdict = unknownBecause(reasonUndecided(limit, undecided, keys))
  const verdicts = Object.fromEntries(
    levels.map((level) => [level, level === 'linearizable' ? open : unknownBecause({ kind: 'memory', text: why })]),
  ) as Report['levels']
  return {
    model: registerEntry.name,
    levels: verdicts,
    headline: registerEntry.judge.headline(verdicts, undefined),
    info: { total: unknownOutcomes },
    lost: [],
  }
}

const firstOf = (unread: FinallyRead['firstUnread']): FinallyRead['firstUnread'] =>
  unread.toSorted((a, b) => a.call - b.call).slice(0, MOST_NAMED)
