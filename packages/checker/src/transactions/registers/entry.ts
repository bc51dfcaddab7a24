import { type History, NULL } from '@chaosproxy/history'
import { placeOf } from '../../encoding/operation-row.ts'
import { isUnknownStart } from '../../encoding/unknown-start.ts'
import type { ModelEntry } from '../../judge/entry.ts'
import type { CheckOptions } from '../../judge/options.ts'
import type { Report } from '../../judge/report.ts'
import type { Budget } from '../../limits/budget.ts'
import { notRecorded, OUT_OF_TIME } from '../../verdict/reason.ts'
import { unknownBecause, type Witness } from '../../verdict/verdict.ts'
import { reportOf, transactionsEntry } from '../entry.ts'
import { microText } from '../explanation/words.ts'
import { assumptionOf, assumptions } from '../granted/assumptions.ts'
import { coreOf } from '../graph/core.ts'
import { graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import { decideReads, isKnown, type Outcomes } from '../levels/decide.ts'
import type { Judged } from '../levels/judge.ts'
import {
  type Form,
  forms,
  type Isolation,
  type IsolationLevel,
  impliesLevel,
  isolationLadder,
  isolations,
  partsOf,
} from '../levels/ladder.ts'
import { MET, type Outcome } from '../levels/situation.ts'
import type { Inference } from '../record/inference.ts'
import { eachRow, READ, readTransactions, type TransactionRecord, transactionOf, UNKNOWN } from '../record/record.ts'
import { NO_VERSION } from '../record/versions.ts'
import { whateverTheStart } from './any-start.ts'
import { findExample, type Registers } from './example.ts'
import { type Decision, RegisterJudge } from './judge.ts'
import { certainOrders, type GrantedOrders, grantedOrders } from './known-orders.ts'
import type { Ordering } from './problem.ts'
import { type Ambiguity, findSources, initialValues, type KeyFacts, keyFactsOf, type Sources } from './sources.ts'

/** The names that `CheckOptions.assume` may contain. */
export const assumptionNames: readonly string[] = assumptions.map(({ name }) => name)

/** The model of transactions that read and write registers. It is judged by levels of isolation. */
export const registerTransactions = transactionsEntry(
  'rw-register',
  'transactions that read and write registers, each value once',
  isolationLadder,
  judgeRegisters,
)

function judgeRegisters(
  history: History,
  { name }: ModelEntry<IsolationLevel>,
  { initial, levels, assume = [] }: CheckOptions<IsolationLevel>,
  budget: Budget,
): Report<IsolationLevel> {
  const start = isUnknownStart(initial) ? UNKNOWN : history.values.id(initial)
  const record = withoutNull(readTransactions(history, false), start)
  budget.look(record.kind.length)
  const first = initialValues(record, start)
  const decidedFrom = (start: Int32Array) => {
    const sources = findSources(record, start)
    const granted = grantedOrders(record, sources, start, assume.map(assumptionOf))
    budget.look(record.kind.length)
    const registers: Registers = { record, sources, granted: granted.edges }
    return {
      registers,
      granted,
      sources,
      ...withDoubts(decideRegisters(registers, levels, budget), record, sources, granted),
    }
  }
  const found = decidedFrom(first)
  const { registers, granted, sources, orders } = found
  const order = orders.get('strict-serializable')
  const outcomes = isUnknownStart(initial)
    ? whateverTheStart(record, { levels, first, found, decideFrom: decidedFrom })
    : found.outcomes
  const facts = keyFactsOf(record, sources)
  const inference = inferenceOf(record, sources, facts)
  const situation =
    order === undefined
      ? { record, versions: inference.versions, core: certainCore(registers, facts), events: NO_EVENTS, budget }
      : undefined
  const witnessBy = (level: IsolationLevel): Witness | undefined => {
    const known = isUnknownStart(initial) ? undefined : orders.get(level)
    return known && { kind: 'order', orders: [{ operations: Array.from(known) }] }
  }
  const judged: Judged = { outcomes, order, situation, witnessBy }
  const report = reportOf(name, record, { inference, judged, assumed: granted.names }, levels)
  if (granted.contradiction === undefined || report.transactions === undefined) return report
  const cyclic = { count: 1, first: granted.contradiction.map((micro) => transactionOf(record, micro)) }
  const anomalies = { ...report.transactions.anomalies, 'cyclic-versions': cyclic }
  return { ...report, transactions: { ...report.transactions, anomalies } }
}

const NO_ORDERS: DecidedRegisters['orders'] = new Map()

const NO_EVENTS = new Int32Array(0)

/** Null stands for the initial value. Replaces null by that value, if it is known. */
const withoutNull = (record: TransactionRecord, initial: number): TransactionRecord =>
  initial === UNKNOWN || initial === NULL
    ? record
    : { ...record, value: record.value.map((id) => (id === NULL ? initial : id)) }

/**
 * Returns an inference in which each key has one version for each of its writers, and the order of the versions is
 * unknown.
 */
function inferenceOf(record: TransactionRecord, sources: Sources, facts: KeyFacts): Inference {
  const { kind, key, length } = record
  const { writerStarts, writer } = facts
  const of = sources.source.slice()
  const rowOf = new Map<number, number>()
  const rowName = (k: number, t: number): number => k * length + t
  for (let k = 0; k < facts.keys; k++)
    for (let at = writerStarts[k]; at < writerStarts[k + 1]; at++) rowOf.set(rowName(k, writer[at]), at)
  eachRow(record, (row, t) => {
    if (kind[row] === READ && of[row] < 0) return
    of[row] = rowOf.get(rowName(key[row], kind[row] === READ ? of[row] : t)) ?? NO_VERSION
  })
  const versions = {
    ...{ starts: writerStarts, ordered: writerStarts.subarray(0, facts.keys), writer, of },
    counts: sources.counts,
  }
  return { versions, findings: sources.findings, repeated: new Map() }
}

/** Returns the core of the graph of `certainOrders`, sessions and real time. Anomalies are searched in this core. */
function certainCore({ record, sources, granted }: Registers, facts: KeyFacts) {
  const edges = certainOrders(facts, granted)
  addSessions(edges, record, sources.counts)
  const moments = addRealTime(edges, eventsOf(record, sources.counts), record.length)
  return coreOf(graphOf(edges, record.length + moments), record.length)
}

/**
 * Adjusts the outcomes. If the orders that follow from the user's assumptions contradict each other, every level is
 * violated. Otherwise, if the source of some read is unknown, no level is met.
 */
function withDoubts(
  { outcomes, orders }: DecidedRegisters,
  record: TransactionRecord,
  { ambiguous }: Sources,
  { contradiction: micros, names: assumed }: GrantedOrders,
): DecidedRegisters {
  if (micros !== undefined) {
    const contradiction = { micros, assumed }
    return { outcomes: new Map([['read-uncommitted', { result: 'violated', contradiction }]]), orders: NO_ORDERS }
  }
  if (ambiguous === undefined) return { outcomes, orders }
  const reason = notRecorded(ambiguityText(record, ambiguous))
  const doubted = new Map([...outcomes].filter(([, { result }]) => result === 'violated'))
  const violated = [...doubted.keys()]
  for (const level of isolationLadder.levels)
    if (!violated.some((other) => impliesLevel(level, other))) doubted.set(level, unknownBecause(reason))
  return { outcomes: doubted, orders: NO_ORDERS }
}

function ambiguityText(record: TransactionRecord, { read, first, second }: Ambiguity): string {
  const place = (micro: number): string => placeOf(record.history, transactionOf(record, micro))
  const wrote = microText(record, first)
  return second < 0
    ? `a transaction ${wrote} (${place(first)}), which is the initial value, so a read of this value (${place(read)}) does not show whether it saw the write; write another value`
    : `two transactions ${wrote} (${place(first)} and ${place(second)}), so a read of it (${place(read)}) does not show which it saw; write each value to a key once`
}

export interface DecidedRegisters {
  /** The levels that were decided. They do not include levels that follow from these. */
  readonly outcomes: Outcomes
  /** For each level of serializability that is met: an order of the transactions that explains every read. */
  readonly orders: ReadonlyMap<IsolationLevel, Int32Array>
}

/**
 * Levels that need a search come last. The exception is strict serializability: if it is met, all other levels are met,
 * too.
 */
const order: readonly (readonly [isolation: Isolation, forms: readonly Form[]])[] = [
  ['read-committed', forms],
  ['serializable', [forms[0]]],
  ...(['causal', 'read-atomic', 'monotonic-atomic-view'] as const).map((each) => [each, forms] as const),
  ...isolations.map((each) => [each, forms] as const),
]

const orderings: { readonly [name in Form['name']]: Ordering } = {
  'real time': 'real time',
  sessions: 'sessions',
  neither: 'none',
}

export function decideRegisters(
  registers: Registers,
  requested: readonly IsolationLevel[],
  budget: Budget,
): DecidedRegisters {
  const { record, sources, granted } = registers
  const outcomes = new Map<IsolationLevel, Outcome>(decideReads(sources.findings))
  const judge = new RegisterJudge(record, sources, granted)
  const orders = new Map<IsolationLevel, Int32Array>()
  for (const [isolation, some] of order)
    for (const form of some) {
      const level = form.prefixed(isolation)
      const isUseful = requested.some(
        (each) =>
          !isKnown(each, outcomes) && (impliesLevel(each, level) || (isSearched(each) && impliesLevel(level, each))),
      )
      if (!isUseful || isKnown(level, outcomes)) continue
      const part = budget.within(budget.left() / SHARES)
      const decision = judge.decide(isolation, orderings[form.name], part)
      if (decision.result === 'met' && decision.order !== undefined && isolation === 'serializable')
        orders.set(level, decision.order)
      for (const [each, outcome] of outcomesOf(level, decision)) outcomes.set(each, outcome)
    }
  return { outcomes, orders }

  function outcomesOf(level: IsolationLevel, decision: Decision): readonly (readonly [IsolationLevel, Outcome])[] {
    switch (decision.result) {
      case 'met':
        return [[level, MET]]
      case 'unknown':
        return [[level, unknownBecause(OUT_OF_TIME)]]
      case 'violated':
        return [[withoutPredicates(level), violation(level, decision.suspects)]]
      default:
        return decision satisfies never
    }
  }

  function violation(level: IsolationLevel, suspects: readonly number[]): Outcome {
    const { isolation, form } = partsOf(level)
    const example = findExample(registers, isolation, orderings[form.name], suspects, budget.within(EXAMPLE_MS))
    return { result: 'violated', ...example }
  }
}

const isSearched = (level: IsolationLevel): boolean =>
  impliesLevel(level, 'prefix') || impliesLevel(level, 'cursor-stability')

/** Each search gets the remaining time divided by this number, to leave time for weaker levels. */
const SHARES = 3
const EXAMPLE_MS = 2_000

/**
 * Returns the weakest level that is violated if `level` is: repeatable read for serializable, because the two are equal
 * in a history without predicates, and `level` itself otherwise.
 */
function withoutPredicates(level: IsolationLevel): IsolationLevel {
  const { isolation, form } = partsOf(level)
  return isolation === 'serializable' ? form.prefixed('repeatable-read') : level
}
