import type { History } from '@chaosproxy/history'
import { type Decoder, type Encoded, later } from '../encoding/encoded.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { ModelEntry } from '../judge/entry.ts'
import { type Decided, judgeConsistency, type Opened, type Others, operationsOf } from '../judge/judge-consistency.ts'
import type { CheckOptions } from '../judge/options.ts'
import { countUnknown, settleUnknownOutcomes } from '../judge/outcomes.ts'
import type { Report } from '../judge/report.ts'
import { isWeak, type Level } from '../levels/levels.ts'
import { type Budget, inTime } from '../limits/budget.ts'
import { alone } from '../limits/race.ts'
import { notRecorded, OUT_OF_TIME } from '../verdict/reason.ts'
import { type Counterexample, ofLevel, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { orderOfRows, witnessOfPacked } from '../verdict/witness-order.ts'
import { judgeWeakerFromAny } from './causal/any-start.ts'
import { judgeWeaker, unlikeRegister } from './causal/judge.ts'
import { encodeRegister } from './encoding/encode.ts'
import { decideConvergence } from './eventual/decide.ts'
import { decideLinearizable, partsOf } from './linearizable/decide.ts'
import { explainLinearizability } from './linearizable/explain.ts'
import type { Linearizability } from './linearizable/portfolio/answer.ts'
import { isViolated, judgeNearby } from './nearby.ts'
import { faultOfWitness } from './replay/replay.ts'
import { findOrderFromAny } from './sequential/any-start.ts'
import { findSequentialOrder } from './sequential/decide.ts'
import { explainSequential } from './sequential/explain.ts'
import { looseReason, withoutLoose } from './sequential/loose.ts'
import { readsFrom } from './sequential/reads-from.ts'
import { stalenessOf } from './staleness/measure.ts'

/** A history of registers in the form that the algorithms need. */
export interface Registers {
  readonly history: History
  readonly encoded: Encoded
  readonly decoder: Decoder
  /** Returns the operations of each key, separated once, on demand. @throws OutOfTime */
  readonly parts: () => readonly Encoded[]
  /** Returns the source of each read, computed once, on demand. @throws OutOfTime */
  readonly sources: () => Sources
}

type Sources = ReturnType<typeof readsFrom>

export const checkRegisters = (history: History, entry: ModelEntry, options: CheckOptions): Report =>
  judgeConsistency(
    history,
    entry,
    { open: (budget) => openedRegisters(registersOf(history, options, budget), options) },
    options,
  )

export function openedRegisters(registers: Registers, options: CheckOptions): Opened {
  const { history, encoded, decoder } = registers
  return {
    orderShare: () => orderShareFor(registers, options),
    order: (share, budget, explain) => decideOrder(registers, share, budget, explain),
    convergences: (budget) => decideConvergence(encoded, decoder, budget),
    byClients: (budget, first) => judgeByClients(registers, options, budget, first),
    staleness: (budget) => stalenessOf(encoded, decoder, budget),
    info: () => settleUnknownOutcomes(encoded, countUnknown(history.operations.outcome)),
  }
}

/** @throws OutOfTime */
export function registersOf(history: History, options: CheckOptions, budget: Budget): Registers {
  const { encoded, decoder } = encodeRegister(history, options, budget)
  let known: Sources | undefined
  return {
    history,
    encoded,
    decoder,
    parts: later(() => partsOf(encoded, budget)),
    sources: () => {
      budget.look(0)
      known ??= readsFrom(encoded, budget)
      return known
    },
  }
}

/** The share of the time for linearizability if sequential consistency is requested too. */
export const LINEARIZABLE_SHARE = 0.6

/**
 * The share of the remaining time for sequential consistency if lower levels are requested too. Most of them are far
 * cheaper.
 */
const SEQUENTIAL_SHARE = 0.7

/** The time limit for reducing a counterexample, because other levels are still to be decided. */
const EXPLAIN_MS = 2_000
const explainMs = (budget: Budget): number => Math.min(EXPLAIN_MS, budget.left() / 2)

function orderShareFor(registers: Registers, options: CheckOptions): number | undefined {
  // Linearizability implies sequential consistency and is far cheaper to decide. So if sequential consistency must be
  // decided, a share of the time is spent on linearizability first. The same is done if a weak level is requested and
  // some operations name no client, because then only linearizability can show that the weak level is met.
  const isLooseWeak = options.levels.some(isWeak) && looseReason(registers.history) !== undefined
  if (needsSequential(registers, options) || isLooseWeak) return LINEARIZABLE_SHARE
  return options.levels.includes('linearizable') ? 1 : undefined
}

/**
 * Whether sequential consistency must be decided. The weak levels are not defined for a cas or an append. So in a
 * history with a cas or an append, a weak level can be confirmed only by a level that implies it, such as sequential
 * consistency.
 */
const needsSequential = ({ encoded, decoder }: Registers, { levels }: CheckOptions): boolean =>
  levels.includes('sequential') || (levels.some(isWeak) && unlikeRegister(encoded, decoder) !== undefined)

/**
 * Decides within the budget `share` whether an order in real time explains all results. A counterexample is reduced
 * within `budget`.
 */
function decideOrder(registers: Registers, share: Budget, budget: Budget, explain: boolean): Verdict {
  const { encoded, decoder, parts } = registers
  if (encoded.isTied === true) return ofLevel('linearizable', judgeSequential(registers, share))
  const answer = inTime(
    () => decideLinearizable(encoded, decoder.value, share, alone, parts),
    () => LATE,
  )
  if (answer.result === 'unknown') return unknownBecause(answer.reason)
  if (answer.result === 'violated') {
    return { result: 'violated', counterexample: counterexampleOf(answer, decoder, explain, budget) }
  }
  if (answer.packed !== undefined) return { result: 'met', witness: witnessOfPacked(answer.packed, decoder.keyName) }
  const orders = answer.orders.map(({ key, rows }) =>
    orderOfRows(decoder.keyName(key), encoded.length, () => listed(rows())),
  )
  return { result: 'met', witness: { kind: 'order', orders } }
}

/** Copies with a loop. For a short history, an iterator would take as long as the computation of the order. */
function listed(rows: Int32Array): number[] {
  const list: number[] = []
  for (let at = 0; at < rows.length; at++) list.push(rows[at])
  return list
}

export function counterexampleOf(
  answer: Extract<Linearizability, { result: 'violated' }>,
  decoder: Decoder,
  explain: boolean,
  budget: Budget,
): Counterexample {
  return explainLinearizability(answer, decoder, budget.within(explainMs(budget)), explain)
}

const LATE = unknownBecause(OUT_OF_TIME)

function judgeByClients(
  registers: Registers,
  options: CheckOptions,
  budget: Budget,
  first: readonly OperationRow[],
): Decided {
  const loose = looseReason(registers.history)
  if (loose === undefined) return judgeInOrder(registers, options, budget, first)
  const reason = notRecorded(loose)
  const known = inTime(
    () => judgeInOrder(withoutUnnamed(registers, budget), options, budget, first),
    (): Decided => ({}),
  )
  // If the operations that `withoutUnnamed` keeps contradict a level, so does the whole history, whatever the order of
  // the unnamed clients' operations.
  const resting = options.levels.filter((level) => level === 'sequential' || isWeak(level))
  return Object.fromEntries(
    resting.map((level) => {
      const verdict = known[level]
      return [level, verdict?.result === 'violated' ? verdict : unknownBecause(reason)]
    }),
  )
}

function withoutUnnamed({ history, encoded, decoder }: Registers, budget: Budget): Registers {
  const some = withoutLoose(encoded, history, budget)
  return {
    history,
    encoded: some,
    decoder,
    parts: later(() => partsOf(some, budget)),
    sources: later(() => readsFrom(some, budget)),
  }
}

/**
 * Judges the levels that depend on the order of each client's operations. Examines the operations in `first`, which
 * contradict a stronger level, before all others.
 */
function judgeInOrder(
  registers: Registers,
  options: CheckOptions,
  budget: Budget,
  first: readonly OperationRow[],
): Decided {
  const { levels } = options
  const decided = judgeNearby(registers, levels, budget, first)
  const open = levels.filter((level) => !isViolated(level, decided))
  const isOpen = open.some(isWeak)
  if (!isViolated('sequential', decided) && needsSequential(registers, options)) {
    const share = isOpen ? budget.within(budget.left() * SEQUENTIAL_SHARE) : budget
    const verdict = judgeSequential(registers, share)
    if (levels.includes('sequential') || verdict.result === 'met') decided.sequential = verdict
  }
  if (decided.sequential?.result !== 'met' && isOpen) {
    Object.assign(decided, judgeBelowSequential(registers, open, budget))
  }
  return decided
}

function judgeSequential({ encoded, decoder, sources }: Registers, budget: Budget): Verdict {
  const found = inTime(
    () =>
      encoded.anyStart
        ? findOrderFromAny(encoded, decoder, budget)
        : findSequentialOrder(encoded, decoder.value, budget, undefined, sources()),
    () => LATE,
  )
  if (found.result === 'unknown') return found
  if (found.result === 'violated') {
    const counterexample = explainSequential(encoded, found, decoder, budget.within(explainMs(budget)))
    return { result: 'violated', counterexample }
  }
  if ('order' in found) return metInOrder(encoded, found.order, decoder)
  const { answer, operations } = found
  if (answer.result !== 'met')
    throw new Error('sequential consistency is not violated, but the check returned no order')
  return metInOrder(operations, answer.order, decoder)
}

function metInOrder(encoded: Encoded, found: Int32Array, decoder: Decoder): Verdict {
  const fault = faultOfWitness(encoded, found, 'process order', decoder.value)
  if (fault !== undefined) throw new Error(`the order found is not a witness of sequential consistency: ${fault}`)
  const order = orderOfRows(undefined, found.length, () => Array.from(found, (i) => encoded.row[i]))
  return { result: 'met', witness: { kind: 'order', orders: [order] } }
}

function judgeBelowSequential(
  { encoded, decoder, sources }: Registers,
  levels: readonly Level[],
  budget: Budget,
): Decided {
  if (encoded.anyStart) return judgeWeakerFromAny(encoded, decoder, levels, budget)
  const known = inTime(sources)
  if (known !== undefined) return judgeWeaker(encoded, decoder, levels, known, budget)
  return Object.fromEntries(levels.filter(isWeak).map((level) => [level, LATE]))
}

/**
 * Revises the verdicts on the other levels, which another thread reached without the verdict on linearizability. The
 * result equals that of `judgeOthers`, so the reported operations do not depend on the number of threads.
 */
export function beginningWith(
  linearizable: Verdict,
  { decided, ...others }: Others,
  registers: Registers,
  { levels }: CheckOptions,
  budget: Budget,
): Others {
  const operations = operationsOf(linearizable)
  const isLoose = looseReason(registers.history) !== undefined
  const first = inTime(
    () => {
      const share = budget.within(explainMs(budget))
      return judgeNearby(isLoose ? withoutUnnamed(registers, share) : registers, levels, share, operations, true)
    },
    (): Decided => ({}),
  )
  const kept = Object.entries(decided).filter(([level]) => !isViolated(level as Level, first))
  return { ...others, decided: { ...Object.fromEntries(kept), ...first } }
}
