import {
  FLAG_NO_RESULT,
  type History,
  isTransaction,
  type Json,
  NO_MICRO_VALUE,
  OK,
  transactionNames,
  UNNAMED,
  UserError,
} from '@chaosproxy/history'
import { reportUnread } from '../judge/encoding-memory.ts'
import type { IsMetBy, ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import { countUnknown } from '../judge/outcomes.ts'
import type { Report, TransactionFacts } from '../judge/report.ts'
import { type Budget, createBudget, inTime } from '../limits/budget.ts'
import { looseReason } from '../register/sequential/loose.ts'
import type { Ladder } from '../verdict/ladder.ts'
import { NOT_REQUESTED, notRecorded, OUT_OF_TIME } from '../verdict/reason.ts'
import { unknownBecause, type Verdict, type Verdicts } from '../verdict/verdict.ts'
import { explainJudged, type FoundAnomaly } from './explanation/verdicts.ts'
import { type Judged, judgeVersions } from './levels/judge.ts'
import { type IsolationLevel, isolationLadder } from './levels/ladder.ts'
import { inferFromLists } from './lists/infer.ts'
import type { Inference } from './record/inference.ts'
import { COMMITTED, microKind, READ, readTransactions, type TransactionRecord } from './record/record.ts'
import { INITIAL } from './record/versions.ts'
import { withoutFirstTries } from './record/writes.ts'

/** Reports whether a history consists of transactions. */
export const areTransactions = (some: readonly string[]): boolean => some.length > 0 && some.every(isTransaction)

type Judge<Level extends string> = (
  history: History,
  entry: ModelEntry<Level>,
  options: CheckOptions<Level>,
  budget: Budget,
) => Report<Level>

export const transactionsEntry = <Level extends IsolationLevel | 'declared'>(
  name: string,
  summary: string,
  ladder: Ladder<Level>,
  judge: Judge<Level>,
): ModelEntry<Level> => ({
  ...{ name, summary, aliases: [], functions: transactionNames, knows: isTransaction },
  levels: ladder.levels,
  needs: [{ what: 'txn that reads', functions: transactionNames, isMetBy: readsIn }],
  record: { mayLackInput: transactionNames, mayBeTaken: false },
  judge: {
    ...{ ladder, sharesKeys: false, headline: (verdicts) => headline(verdicts as unknown as Verdicts<IsolationLevel>) },
    check(history, entry, options) {
      const budget = createBudget(options)
      const report = inTime(() => judge(history, entry, options, budget))
      return report === undefined
        ? reportUnread(history, entry, options, OUT_OF_TIME)
        : withUnnamedSessions(report, history, ladder)
    },
  },
})

/**
 * If some transactions name no session, changes the verdicts of strong session levels from `met` to `unknown`. A
 * verdict stays `met` if a level that does not depend on sessions is met and implies the strong session level, such as
 * a level in real time.
 */
function withUnnamedSessions<Level extends IsolationLevel | 'declared'>(
  report: Report<Level>,
  history: History,
  ladder: Ladder<Level>,
): Report<Level> {
  const { length, process } = history.operations
  const isOpen = (level: Level): boolean =>
    level.startsWith(SESSION_FORM) &&
    report.levels[level].result === 'met' &&
    !ladder.levels.some(
      (other) =>
        !other.startsWith(SESSION_FORM) &&
        report.levels[other].result === 'met' &&
        ladder.implied[other].includes(level),
    )
  const open = ladder.levels.filter(isOpen)
  const isUnnamed = () => process.subarray(0, length).some((each) => history.sessionOf(each) === UNNAMED)
  const reason = open.length > 0 && history.hasSessions && isUnnamed() ? looseReason(history) : undefined
  if (reason === undefined) return report
  const unknown = unknownBecause(notRecorded(reason))
  const levels: Verdicts<Level> = {
    ...report.levels,
    ...(Object.fromEntries(open.map((level) => [level, unknown])) as Partial<Verdicts<Level>>),
  }
  const { transactions } = report
  const named = levels as unknown as Verdicts<IsolationLevel>
  if (transactions === undefined) return { ...report, levels, headline: headline(named) }
  const { anomalies, assumed } = transactions
  return {
    ...{ ...report, levels, headline: `${headlineOf(named, anomalies)}${grantedText(assumed)}` },
    transactions: { ...transactions, strongest: strongestOf(named) },
  }
}

const SESSION_FORM = 'strong-session-'

/** The model of transactions that append to lists and read whole lists. */
export const listTransactions = transactionsEntry(
  'list-append',
  'transactions that append to lists and read them',
  isolationLadder,
  judgeLists,
)

function readsIn(history: History): ReturnType<IsMetBy> {
  const { values, operations } = history
  const micro = values.microOperations()
  // A recorder may know which version a read saw, even if it does not know the value.
  const isRecorded = history.transactionNotes !== undefined
  const isRead = (micro?.kinds ?? []).map((kind) => microKind(kind) === READ)
  return (row) => {
    const range = values.microRange(operations.output[row])
    const hasResult = operations.outcome[row] === OK && (operations.flags[row] & FLAG_NO_RESULT) === 0
    if (!hasResult || range === undefined || micro === undefined) return false
    for (let at = range.from; at < range.to; at++)
      if (isRead[micro.kind[at]] && (isRecorded || micro.value[at] !== NO_MICRO_VALUE)) return true
    return false
  }
}

function requireEmptyStart(initial: Json): void {
  if (initial === null || (Array.isArray(initial) && initial.length === 0)) return
  throw new UserError(
    'usage',
    `lists that transactions append to must begin empty, but the initial value is ${JSON.stringify(initial)}. Leave the initial value out, or record appends of the earlier elements.`,
  )
}

function judgeLists(
  history: History,
  { name }: ModelEntry<IsolationLevel>,
  { initial, levels }: CheckOptions<IsolationLevel>,
  budget: Budget,
): Report<IsolationLevel> {
  requireEmptyStart(initial)
  const record = readTransactions(history, true)
  const judged = (some: TransactionRecord): Report<IsolationLevel> => {
    budget.look(some.kind.length)
    const inference = inferFromLists(some)
    budget.look(some.kind.length)
    const outcome = judgeVersions(some, inference.versions, inference.findings, budget)
    return reportOf(name, some, { inference, judged: outcome, assumed: [] }, levels)
  }
  const report = judged(record)
  const isOpen = levels.some((level) => report.levels[level].result === 'unknown')
  const fewer = isOpen ? withoutFirstTries(record) : undefined
  if (fewer === undefined) return report
  const other = judged(fewer)
  const merged = isolationLadder.levels.map((level): [IsolationLevel, Verdict] => {
    const isExplained = report.levels[level].result === 'unknown' && other.levels[level].result === 'met'
    return [level, (isExplained ? other : report).levels[level]]
  })
  const verdicts = Object.fromEntries(merged) as unknown as Verdicts<IsolationLevel>
  const transactions = report.transactions && { ...report.transactions, strongest: strongestOf(verdicts) }
  return {
    ...report,
    levels: verdicts,
    headline: headlineOf(verdicts, report.transactions?.anomalies ?? {}),
    ...(transactions && { transactions }),
  }
}

export function reportOf(
  model: string,
  record: TransactionRecord,
  found: { readonly inference: Inference; readonly judged: Judged; readonly assumed: readonly string[] },
  requested: readonly IsolationLevel[],
): Report<IsolationLevel> {
  const { inference, judged: outcome, assumed } = found
  const { verdicts, anomalies } = explainJudged(record, inference, outcome)
  const levels = requestedOnly(
    followsFrom(isolationLadder, verdicts, () => ({
      kind: 'unasked',
      text: 'the results of the other levels do not decide it',
    })),
    requested,
  )
  return {
    ...{ model, levels, headline: `${headlineOf(levels, anomalies)}${grantedText(assumed)}` },
    info: { total: countUnknown(record.history.operations.outcome) },
    lost: [],
    transactions: { ...factsOf(record, inference, levels, anomalies), assumed },
  }
}

const grantedText = (assumed: readonly string[]): string =>
  assumed.length === 0 ? '' : `; granted ${assumed.join(', ')}`

function requestedOnly(all: Verdicts<IsolationLevel>, requested: readonly IsolationLevel[]): Verdicts<IsolationLevel> {
  if (requested.length === isolationLadder.levels.length) return all
  const decided = Object.fromEntries(requested.map((level) => [level, all[level]]))
  return followsFrom(isolationLadder, decided, () => NOT_REQUESTED)
}

function factsOf(
  { status, kind, starts, length }: TransactionRecord,
  { versions: { counts, of } }: Inference,
  levels: Verdicts<IsolationLevel>,
  anomalies: TransactionFacts['anomalies'],
): TransactionFacts {
  let total = 0
  let withSource = 0
  let transactions = 0
  for (let t = 0; t < length; t++) {
    transactions += counts[t]
    if (status[t] !== COMMITTED) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ) continue
      total++
      if (of[row] >= INITIAL) withSource++
    }
  }
  return {
    strongest: strongestOf(levels),
    anomalies,
    assumed: [],
    judged: { transactions, reads: { total, withSource } },
  }
}

export const strongestOf = (levels: Verdicts<IsolationLevel>): readonly IsolationLevel[] =>
  isolationLadder.levels.filter(
    (level) =>
      levels[level].result === 'met' &&
      !isolationLadder.levels.some(
        (other) => levels[other].result === 'met' && isolationLadder.implied[other].includes(level),
      ),
  )

/** The well-known levels, weakest first, for headlines. */
const known: readonly IsolationLevel[] = [
  'read-uncommitted',
  'read-committed',
  'read-atomic',
  'causal',
  'parallel-snapshot-isolation',
  'snapshot-isolation',
  'serializable',
  'strong-session-serializable',
  'strict-serializable',
]

export function headlineOf(
  levels: Verdicts<IsolationLevel>,
  anomalies: { readonly [name: string]: FoundAnomaly },
): string {
  const found = Object.keys(anomalies)
  const because = found.length === 0 ? '' : `: ${found.slice(0, MOST_NAMED).join(', ')}`
  return `${headline(levels)}${because}`
}

const MOST_NAMED = 4

function headline(levels: Verdicts<IsolationLevel>): string {
  const [strongest] = strongestOf(levels)
  const broken = known.find((level) => levels[level].result === 'violated')
  if (broken !== undefined) return strongest === undefined ? `not ${broken}` : `${strongest}, not ${broken}`
  if (strongest === 'strict-serializable') return strongest
  const open = isolationLadder.levels.find((level) => levels[level].result === 'unknown')
  const why = open === undefined ? undefined : levels[open]
  const reason = why?.result === 'unknown' ? `${open} unknown: ${why.reason.text.split(';')[0]}` : ''
  return strongest === undefined ? reason : `${strongest}; ${reason}`
}
