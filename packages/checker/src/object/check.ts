import { type History, type Json, UserError } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { takeEncoding, takeObjects } from '../judge/encoding-memory.ts'
import type { ModelEntry } from '../judge/entry.ts'
import { isByFinalReads, judgeConsistency, type Opened } from '../judge/judge-consistency.ts'
import type { CheckOptions } from '../judge/options.ts'
import { countUnknown } from '../judge/outcomes.ts'
import type { Report } from '../judge/report.ts'
import { type Budget, createBudget, inTime } from '../limits/budget.ts'
import type { Limit } from '../limits/race.ts'
import { judgingOf } from '../proof/orders.ts'
import { looseReason } from '../register/sequential/loose.ts'
import { notRecorded, OUT_OF_TIME, outOf, type Reason } from '../verdict/reason.ts'
import { unknownBecause, type Verdict, type Witness } from '../verdict/verdict.ts'
import { orderOfRows } from '../verdict/witness-order.ts'
import { convergencesOf } from './convergence.ts'
import { explainObject } from './explain.ts'
import type { AnyStart } from './model/any-start.ts'
import { createContents } from './model/elements.ts'
import { type ObjectModel, relatedByElement } from './model/object-model.ts'
import { choose, type Functions, type Part, partsOf } from './model/part.ts'
import { decideObjects, type Judge, type ObjectAnswer, relatedByTime, shardsOf } from './search/decide.ts'
import { faultOfObjectWitness, simulateBy } from './search/replay.ts'
import { judgeObjectSequential } from './sequential.ts'
import { judgeTied } from './tied.ts'

/**
 * The maximum time for reducing a counterexample. Accounting for the elements (see `Accounting`) takes place later, in
 * the time that remains.
 */
const EXPLAIN_MS = 2_000

/** The share of the time for linearizability if other levels need time too. */
const LINEARIZABLE_SHARE = 0.7

const shareFor = ({ levels }: CheckOptions): number =>
  levels.some((level) => level === 'sequential' || isByFinalReads(level)) ? LINEARIZABLE_SHARE : 1

export interface ObjectToJudge {
  readonly object: ObjectModel
  /**
   * How to judge an object whose initial value is unknown. `alike`: from any value, because the initial value makes no
   * difference. `own`: from the initial value of the user's model, because no other possible value is known.
   */
  readonly fromAny: AnyStart | 'alike' | 'own'
  /** The results that other workers found for the object's parts. */
  readonly settled?: Settled | undefined
}

/**
 * The results of `decideSome` for all parts of an object, combined. `parts` holds the numbers of the violated parts.
 */
export type Settled =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly parts: readonly number[] }
  | { readonly result: 'unknown'; readonly reason: Reason }

/** The results for some parts of an object. */
export type SomeParts =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly part: number }
  | { readonly result: 'unknown'; readonly limit: Limit; readonly undecided: number; readonly keys: number }

export function checkObject(
  history: History,
  entry: ModelEntry,
  { object, fromAny, settled }: ObjectToJudge,
  options: CheckOptions,
): Report {
  const functions = functionsOfObject(entry, object, options.initial)
  const isUnknown = isUnknownStart(options.initial)
  const judge: Judge = {
    ...(isUnknown && typeof fromAny === 'object'
      ? judgeFromAny(history, entry, object, functions, fromAny)
      : judgeOf(history, entry, object, functions, isUnknown ? null : options.initial)),
    judging: fromAny === 'own' ? undefined : judgingOf(entry.name, options),
  }
  const isOwn = isUnknown && fromAny === 'own'
  const judged: Judged = { history, entry, object, functions, judge, options, isOwn, settled }
  return judgeConsistency(history, entry, { take: takeObjects, open: (budget) => opened(judged, budget) }, options)
}

interface Judged {
  readonly history: History
  readonly entry: ModelEntry
  readonly object: ObjectModel
  readonly functions: Functions
  readonly judge: Judge
  readonly options: CheckOptions
  /** Whether the object is judged from the model's initial value, although the real one is unknown. */
  readonly isOwn: boolean
  readonly settled: Settled | undefined
}

/**
 * Decides whether the parts that `isChosen` accepts are linearizable. Several workers can each decide some of the
 * parts, because every worker numbers the parts of a history identically.
 *
 * @throws UserError for an operation that the model does not know.
 */
export function decideSome(
  history: History,
  entry: ModelEntry,
  object: ObjectModel,
  options: CheckOptions,
  isChosen: (part: number) => boolean,
): SomeParts {
  const budget = createBudget(options)
  const open = (limit: Limit): SomeParts => ({ result: 'unknown', limit, undecided: 1, keys: 1 })
  if ((takeEncoding(history, budget) ?? takeObjects(history, budget)) !== undefined) return open('memory')
  const functions = functionsOfObject(entry, object, options.initial)
  const judge = judgeOf(history, entry, object, functions, isUnknownStart(options.initial) ? null : options.initial)
  return inTime(
    () => {
      const all = shardsOf(partsOf(history, functions, budget), judge, budget)
      const parts = all.filter((_, number) => isChosen(number))
      const answer = decideObjects(parts, judge, budget)
      if (answer.result === 'violated') return { result: 'violated', part: all.indexOf(answer.part) }
      const { length } = parts
      if (answer.result === 'unknown') {
        const limit = answer.reason.kind === 'memory' ? 'memory' : 'time'
        return { result: 'unknown', limit, undecided: length, keys: all.length }
      }
      return replayed(parts, judge, budget, answer) === undefined ? open('time') : { result: 'met' }
    },
    () => open('time'),
  )
}

/** @throws OutOfTime */
function opened({ history, entry, object, functions, judge, options, isOwn, settled }: Judged, budget: Budget): Opened {
  const contents = createContents(history)
  const parts = partsOf(history, functions, budget, contents)
  const sure = (verdict: Verdict): Verdict => (isOwn ? onlyFrom(entry, verdict) : verdict)
  // The search also runs if only weaker levels are asked for, because a linearizable order implies them. Levels that
  // final reads decide do not need it.
  const isOrderWanted = options.levels.some((level) => !isByFinalReads(level))
  const isSequential = options.levels.some((level) => !isByFinalReads(level) && level !== 'linearizable')
  return {
    orderShare: () => (isOrderWanted ? shareFor(options) : undefined),
    order: (share) =>
      sure(history.isTied === true ? judgeTied(parts, judge, share) : judgeParts(parts, judge, share, object, settled)),
    convergences(budget) {
      const found = convergencesOf(history, entry, { object, functions, contents }, options.initial, budget)
      const { eventual, convergent } = found
      return { ...found, eventual: eventual && sure(eventual), convergent: convergent && sure(convergent) }
    },
    byClients(budget) {
      if (!isSequential || !entry.levels.includes('sequential')) return {}
      const sequential = sure(judgeObjectSequential(parts, judge, budget))
      return options.levels.includes('sequential') || sequential.result === 'met' ? { sequential } : {}
    },
    account: (budget) => object.account?.(history, options.initial, budget, contents),
    info: () => ({ total: countUnknown(history.operations.outcome) }),
  }
}

/**
 * Replaces a violation by `unknown`: a contradiction from the model's initial value proves nothing if the real one is
 * unknown.
 */
function onlyFrom({ name }: ModelEntry, verdict: Verdict): Verdict {
  if (verdict.result !== 'violated') return verdict
  const reason = notRecorded(
    `nobody knows what was there at the start, and no order fits the initial state of the model ${name}`,
  )
  return unknownBecause(reason)
}

function judgeOf(
  history: History,
  { name: model }: ModelEntry,
  {
    fast,
    glance,
    refute,
    machine,
    divide,
    rule,
    explain,
    beside,
    aftermath,
    simulate,
    specification,
    readsReveal,
    ...object
  }: ObjectModel,
  { isRead }: Functions,
  initial: Json,
): Judge {
  const from = <Rest extends readonly unknown[], Found>(
    judge: ((part: Part, initial: Json, ...rest: Rest) => Found) | undefined,
  ) => judge && ((part: Part, ...rest: Rest): Found => judge(part, initial, ...rest))
  return {
    model,
    specification: specification(initial, history),
    ...(readsReveal === true ? { isRead: () => false, observes: isRead } : { isRead }),
    ...{ fast: from(fast), glance: from(glance), refute: from(refute), machine: from(machine) },
    ...{ simulate: from(simulate), aftermath: from(aftermath), divide, rule, explain },
    beside: beside && ((row, output, core) => beside(history, row, { initial, output, core })),
    ...dependence(object, isRead, initial),
  }
}

function dependence(
  { readsElements, related, supports }: Pick<ObjectModel, 'readsElements' | 'related' | 'supports'>,
  isRead: (number: number) => boolean,
  initial: Json,
): Pick<Judge, 'related' | 'supports' | 'isOfElements'> {
  const isOfElements = readsElements !== undefined
  const by = isOfElements ? relatedByElement(readsElements) : (related ?? relatedByTime(isRead))
  return {
    isOfElements,
    related: (part, budget) => by(part, budget, initial),
    supports: supports && ((part, budget) => supports(part, budget, initial)),
  }
}

/** Returns the judge of an object with an unknown initial value. */
function judgeFromAny(
  history: History,
  entry: ModelEntry,
  object: ObjectModel,
  functions: Functions,
  { specification, guesses, refute }: AnyStart,
): Judge {
  return {
    model: entry.name,
    specification: typeof specification === 'function' ? specification(history) : specification,
    // With an unknown initial value, a read narrows the possible states, so reads count as changes.
    isRead: () => false,
    observes: functions.isRead,
    refute,
    divide: object.divide,
    rule: `whatever was there at the start, ${object.rule}`,
    ...dependence(object, functions.isRead, null),
    guesses: (part, budget) => {
      const { starts, isComplete } = guesses(part, budget)
      return { judges: starts.map((start) => judgeOf(history, entry, object, functions, start)), isComplete }
    },
  }
}

/** The functions of an object. `initial` is its value before the first operation. */
export function functionsOfObject(
  entry: Pick<ModelEntry, 'name' | 'functions'>,
  { numbers, reads, expands, mayLackResult }: ObjectModel,
  initial: Json,
): Functions {
  return {
    model: entry.name,
    numberOf: (f) => (Object.hasOwn(numbers, f) ? numbers[f] : undefined),
    known: entry.functions ?? Object.keys(numbers),
    isRead: (number) => reads.includes(number),
    mayLackResult: (number) => mayLackResult?.includes(number) === true,
    expands: expands && { ...expands, itemsAtFirst: Array.isArray(initial) ? initial.length : 0 },
  }
}

function judgeParts(
  whole: readonly Part[],
  judge: Judge,
  budget: Budget,
  { needed }: ObjectModel,
  settled: Settled | undefined,
): Verdict {
  const [first] = whole
  const loose = judge.specification.perProcess === true && first !== undefined ? looseReason(first.history) : undefined
  if (loose !== undefined) return unknownBecause(notRecorded(loose))
  return inTime(
    () => {
      const parts = whole.map((part) => {
        const kept = needed?.(part, budget)
        return kept === undefined ? part : choose(part, kept, budget)
      })
      const shards = shardsOf(parts, judge, budget)
      return settled === undefined ? judgeShards(shards, judge, budget) : judgeSettled(shards, judge, budget, settled)
    },
    () => unknownBecause(OUT_OF_TIME),
  )
}

/** @throws OutOfTime */
function judgeShards(parts: readonly Part[], judge: Judge, budget: Budget): Verdict {
  const answer = decideObjects(parts, judge, budget)
  if (answer.result === 'unknown') return answer
  if (answer.result === 'violated') {
    return {
      result: 'violated',
      counterexample: explainObject(answer, judge, budget.within(Math.min(EXPLAIN_MS, budget.left() / 2))),
    }
  }
  return replayed(parts, judge, budget, answer) ?? unknownBecause(outOf('time', 'an order was found but not verified'))
}

/**
 * Turns the combined results of other workers into a verdict. Judges violated parts again, to confirm the violation.
 * The results contain no orders of operations. For a `met` verdict, the parts are judged again when a caller first
 * reads the `orders` of the witness.
 */
function judgeSettled(parts: readonly Part[], judge: Judge, budget: Budget, settled: Settled): Verdict {
  if (settled.result === 'unknown') return settled
  if (settled.result === 'met') {
    let found: Orders['orders'] | undefined
    return {
      result: 'met',
      witness: {
        kind: 'order',
        get orders() {
          if (found === undefined) {
            const verdict = inTime(() => judgeShards(parts, judge, budget))
            found = verdict?.result === 'met' && verdict.witness.kind === 'order' ? verdict.witness.orders : []
          }
          return found
        },
      },
    }
  }
  const verdict = judgeShards(
    parts.filter((_, number) => settled.parts.includes(number)),
    judge,
    budget,
  )
  if (verdict.result !== 'met') return verdict
  throw new UserError(
    'environment',
    `a worker reported violations in parts that are linearizable: ${settled.parts.join(', ')}. Remove that worker from the queue.`,
  )
}

type Orders = Extract<Witness, { readonly kind: 'order' }>

/** Replays the orders that were found, and returns the verdict that they prove. */
function replayed(
  parts: readonly Part[],
  judge: Judge,
  budget: Budget,
  answer: Extract<ObjectAnswer, { readonly result: 'met' }>,
): Verdict | undefined {
  let late = false
  const orders = parts.map((part, p) => {
    const by = answer.judges[p] ?? judge
    const simulate = part.length > LONG ? by.simulate : undefined
    const isPossible = simulate?.(part) ?? simulateBy(by.specification, part)
    const fault = faultOfObjectWitness(part, answer.orders[p], (i) => {
      late ||= budget.expired(1)
      return late || isPossible(i)
    })
    if (fault !== undefined) throw new Error(`the order found is not a witness of linearizability: ${fault}`)
    // Several operations of the part may stand for one row of the history.
    return orderOfRows(part.key, part.history.operations.length, () => [
      ...new Set(Array.from(answer.orders[p], (i) => part.row[i])),
    ])
  })
  if (late) return undefined
  return { result: 'met', witness: { kind: 'order', orders: orders.filter((_, p) => answer.orders[p].length > 0) } }
}

/**
 * The length above which `simulate` replays a witness. Each step of the specification may take time proportional to the
 * size of the state.
 */
const LONG = 1_000
