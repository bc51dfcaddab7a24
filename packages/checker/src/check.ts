import type { History } from '@chaos/history'
import { INFO } from '@chaos/history'
import { type Budget, createBudget } from './budget.ts'
import { isWeak, judgeWeaker, unlikeRegister } from './causal/judge.ts'
import { explainLinearizability } from './counterexample/linearizable.ts'
import { explainSequential } from './counterexample/sequential.ts'
import type { Decoder, Encoded } from './encoded.ts'
import { decideEventual } from './eventual.ts'
import { followsFrom, headlineOf } from './headline.ts'
import type { Level } from './level.ts'
import { decideLinearizable } from './linearizable/decide.ts'
import { faultOfWitness } from './linearizable/replay.ts'
import { encodeRegister } from './models/register.ts'
import { modelOf } from './models/registry.ts'
import { checkModel, checkObject } from './objects/check.ts'
import type { CheckOptions } from './options.ts'
import { settleUnknownOutcomes } from './outcomes.ts'
import { findSequentialOrder } from './sequential/decide.ts'
import { readsFrom } from './sequential/reads-from.ts'
import { stalenessOf } from './staleness/measure.ts'
import type { Counterexample, LostWrite, OperationRow, Report, Verdict, WitnessOrder } from './verdict.ts'

/**
 * Judges a history by every level asked for, within the time and memory given.
 *
 * Every `met` by an order was replayed before it is returned; an order that fails its replay is a mistake of this program,
 * and throws.
 *
 * @throws UserError when the model does not know an operation of the history.
 */
export function check(history: History, options: CheckOptions): Report {
  if (typeof options.model !== 'string') return checkModel(history, options.model, options)
  const entry = modelOf(options.model)
  if (entry.object !== undefined) return checkObject(history, entry, entry.object, options)
  const begun = options.now()
  const budget = createBudget(options)
  const { encoded, decoder } = encodeRegister(history, options)
  const asked = (level: Level): boolean => options.levels.includes(level)
  // Who read from whom: worked out once, and only if it is needed.
  let known: Sources | undefined
  const sources = (): Sources => {
    known ??= readsFrom(encoded)
    return known
  }

  const decided: { [level in Level]?: Verdict } = {}
  let lost: readonly LostWrite[] = []
  // The levels in between are implied by sequential consistency, and for a cas are known from it alone.
  const needsSequential =
    asked('sequential') || (options.levels.some(isWeak) && unlikeRegister(encoded, decoder) !== undefined)
  if (asked('linearizable') || needsSequential) {
    // It implies sequential consistency and is far cheaper to decide, so it is worth trying for that alone; but what it
    // cannot decide must leave time for the other.
    const share = needsSequential ? budget.within(options.deadlineMs * LINEARIZABLE_SHARE) : budget
    const verdict = judgeLinearizable(encoded, decoder, share, options.explain ?? true)
    if (asked('linearizable') || verdict.result === 'met') decided.linearizable = verdict
  }
  if (asked('eventual')) {
    const convergence = decideEventual(encoded, decoder)
    decided.eventual = convergence.verdict
    lost = convergence.lost
  }
  if (decided.linearizable?.result === 'met' && decided.eventual?.result === 'violated') {
    // Final reads may differ in a linearizable history: a write of unknown outcome took effect between them.
    decided.eventual = { result: 'met', witness: { kind: 'implied', by: 'linearizable' } }
    lost = []
  }
  if (needsSequential && decided.linearizable?.result !== 'met') {
    const left = options.deadlineMs - (options.now() - begun)
    const share = options.levels.some(isWeak) ? budget.within(left * SEQUENTIAL_SHARE) : budget
    const verdict = judgeSequential(encoded, decoder, sources(), share)
    if (asked('sequential') || verdict.result === 'met') decided.sequential = verdict
  }
  if (decided.linearizable?.result !== 'met' && decided.sequential?.result !== 'met' && options.levels.some(isWeak)) {
    Object.assign(decided, judgeWeaker(encoded, decoder, options.levels, sources(), budget))
  }
  const levels = followsFrom(decided, (level) => reasonUndecided(asked(level)))
  const wantsStaleness = options.staleness === true && decided.linearizable?.result !== 'met'
  return {
    model: options.model,
    levels,
    headline: headlineOf(levels),
    info: settleUnknownOutcomes(encoded, countInfo(history.operations.outcome)),
    lost,
    staleness: wantsStaleness ? stalenessOf(encoded, decoder) : undefined,
  }
}

function countInfo(outcomes: Uint8Array): number {
  let total = 0
  for (let i = 0; i < outcomes.length; i++) if (outcomes[i] === INFO) total++
  return total
}

const reasonUndecided = (asked: boolean): string =>
  asked ? 'left open: it does not follow from what was decided' : 'not asked for, and it does not follow from what was'

/** Of the time there is, where sequential consistency is asked for too. */
const LINEARIZABLE_SHARE = 0.6

/** Of the time left then, where the levels below it are asked for too: most of them are far cheaper to decide. */
const SEQUENTIAL_SHARE = 0.7

/** What making a counterexample smaller may take of the time left: the verdict stands already. */
const EXPLAIN_MS = 2_000

function judgeLinearizable(encoded: Encoded, decoder: Decoder, budget: Budget, explain: boolean): Verdict {
  const answer = decideLinearizable(encoded, decoder.value, budget)
  if (answer.result === 'unknown') return answer
  if (answer.result === 'violated' && !explain) {
    return { result: 'violated', counterexample: wholeKey(answer.part, decoder) }
  }
  if (answer.result === 'violated') {
    const counterexample = explainLinearizability(
      answer.part,
      answer.culpritReturn(),
      decoder,
      budget.within(EXPLAIN_MS),
    )
    return { result: 'violated', counterexample }
  }
  const orders = answer.parts.map((part, p) =>
    orderOfRows(decoder.keyName(encoded.keys === 1 ? 0 : (part.key[0] ?? 0)), part, answer.orders[p]),
  )
  return { result: 'met', witness: { kind: 'order', orders: orders.filter((_, p) => answer.orders[p].length > 0) } }
}

type Sources = ReturnType<typeof readsFrom>

function judgeSequential(encoded: Encoded, decoder: Decoder, sources: Sources, budget: Budget): Verdict {
  const answer = findSequentialOrder(encoded, decoder.value, budget, undefined, sources)
  if (answer.result === 'unknown') return answer
  if (answer.result === 'violated') {
    return {
      result: 'violated',
      counterexample: explainSequential(encoded, answer, decoder, budget.within(EXPLAIN_MS)),
    }
  }
  const fault = faultOfWitness(encoded, answer.order, 'process order', decoder.value)
  if (fault !== undefined) throw new Error(`the order found is not a witness of sequential consistency: ${fault}`)
  return { result: 'met', witness: { kind: 'order', orders: [orderOfRows(undefined, encoded, answer.order)] } }
}

/** A contradiction that nobody looks into. */
function wholeKey(part: Encoded, decoder: Decoder): Counterexample {
  const keyName = decoder.keyName(part.key[0] ?? 0)
  return {
    level: 'linearizable',
    sentence: `No order of these ${part.length} operations is legal.`,
    get operations() {
      return Array.from(part.row, (operation) => ({ operation, role: 'core' as const }))
    },
    keys: keyName === undefined ? [] : [keyName],
  }
}

/** The list is made when somebody asks for it: a million numbers take longer to list than to check. */
function orderOfRows(key: string | undefined, { row }: Encoded, order: Int32Array): WitnessOrder {
  let operations: OperationRow[] | undefined
  return {
    ...(key === undefined ? {} : { key }),
    get operations() {
      operations ??= Array.from(order, (i) => row[i])
      return operations
    },
  }
}
