import {
  type Counterexample,
  check,
  type DrawnTransaction,
  limitedTo,
  type Verdict,
  verdictOf,
} from '@chaosproxy/checker'
import { type History, momentInMillis, type Nanos } from '@chaosproxy/history'
import type { Engine, Witnessed, WitnessedTransaction } from '@chaosproxy/simulated-postgresql'
import type { PostgresSpec } from '../declared/reference.ts'
import { historyOfWitnessed } from './witnessed.ts'

/** The isolation level to keep, and what is judged as one transaction. */
export type Isolation = Pick<PostgresSpec, 'expect' | 'unit'>

type Kept = Isolation & { readonly expect: string }

/** A violation of an isolation level by the transactions of a run. */
interface BrokenIsolation {
  readonly what: string
  /** Lines that show the violation, such as the statements of the transactions. */
  readonly evidence: readonly string[]
  readonly cure: string | undefined
  readonly requests: readonly string[]
}

export type JudgedIsolation =
  | { readonly result: 'broken'; readonly broken: BrokenIsolation }
  | { readonly result: 'kept' }
  | { readonly result: 'unknown'; readonly why: string }

/**
 * The limits on steps and memory for checking the database's history. They are the same as for the histories of
 * clients.
 */
const CHECK_STEPS = 150_000_000
const MEMORY_BYTES = 256 * 2 ** 20

export interface Judging {
  readonly id: string
  readonly engine: Engine
  /** Returns the request that a database process served at a time. */
  readonly requestOf: (pid: number, at: number) => string | undefined
  readonly startedAt: Nanos
}

export function judgedIsolation(isolation: Kept, judging: Judging): JudgedIsolation {
  // Levels weaker than serializable promise nothing about inserted rows, so they are judged without phantoms.
  const isSerializable = isolation.expect.endsWith('serializable')
  const whole = judgedWith(isolation, judging, isSerializable)
  if (whole.result !== 'broken' || !isSerializable) return whole
  const byRows = judgedWith(isolation, judging, false)
  return byRows.result === 'broken' ? byRows : whole
}

/**
 * Judges each independent part of the database by itself, first without phantoms and then with them. Returns the
 * violations.
 */
export function brokenApart(isolation: Kept, judging: Judging): readonly BrokenIsolation[] {
  const known = new Set<string>()
  return [false, true].flatMap((phantoms) => {
    const witnessed = witnessedBy(isolation, judging, phantoms)
    return apart(withoutRetried(witnessed.transactions)).flatMap((transactions) => {
      const judged = judgedAs(isolation, judging, { ...witnessed, transactions, phantoms })
      if (judged.result !== 'broken' || judged.broken.requests.some((request) => known.has(request))) return []
      for (const request of judged.broken.requests) known.add(request)
      return [judged.broken]
    })
  })
}

/**
 * Leaves out transactions that only read and decided nothing, such as failed attempts of optimistic locking. A
 * transaction decided nothing if later transactions of the same request read the same cells again before the request
 * wrote.
 */
export function withoutRetried(transactions: readonly WitnessedTransaction[]): readonly WitnessedTransaction[] {
  const cellsOf = ({ statements }: WitnessedTransaction, kind: 'r' | 'w'): readonly string[] =>
    statements.flatMap(({ accesses }) => accesses.flatMap(({ does, cell }) => (does === kind ? [cell] : [])))
  return transactions.filter((transaction, index) => {
    const later = transactions.slice(index + 1).filter(({ group }) => group === transaction.group)
    const writes = later.findIndex((each) => cellsOf(each, 'w').length > 0)
    const again = new Set(later.slice(0, Math.max(0, writes)).flatMap((each) => cellsOf(each, 'r')))
    const isRetried =
      cellsOf(transaction, 'w').length === 0 && cellsOf(transaction, 'r').every((cell) => again.has(cell))
    return transaction.group === undefined || !isRetried
  })
}

/**
 * Divides transactions into groups that share no cell and no request, because a contradiction concerns a single group.
 */
export function apart(transactions: readonly WitnessedTransaction[]): readonly (readonly WitnessedTransaction[])[] {
  // Disjoint sets as trees (Tarjan 1975, with path halving). The root of each tree is the last transaction of the set.
  const parents = transactions.map((_, index) => index)
  const rootOf = (index: number): number => {
    let at = index
    for (let next = parents[at] ?? at; next !== at; next = parents[at] ?? at) {
      parents[at] = parents[next] ?? next
      at = next
    }
    return at
  }
  const firstWith = new Map<string, number>()
  transactions.forEach(({ group, statements }, index) => {
    const cells = statements.flatMap(({ accesses }) => accesses.map(({ cell }) => `cell ${cell}`))
    for (const key of group === undefined ? cells : [...cells, `request ${group}`]) {
      const first = firstWith.get(key)
      if (first === undefined) firstWith.set(key, index)
      else parents[rootOf(first)] = index
    }
  })
  const parts = new Map<number, WitnessedTransaction[]>()
  transactions.forEach((transaction, index) => {
    const root = rootOf(index)
    const part = parts.get(root)
    if (part === undefined) parts.set(root, [transaction])
    else part.push(transaction)
  })
  return [...parts].sort(([one], [other]) => one - other).map(([, part]) => part)
}

/**
 * @param phantoms whether the check also considers rows that would have changed a statement's result, but were absent
 * or did not satisfy its condition (see `Grouping`)
 */
const judgedWith = (isolation: Kept, judging: Judging, phantoms: boolean): JudgedIsolation =>
  judgedAs(isolation, judging, { ...witnessedBy(isolation, judging, phantoms), phantoms })

function witnessedBy({ unit }: Isolation, { id, engine, requestOf, startedAt }: Judging, phantoms: boolean): Witnessed {
  const groupOf = unit === 'connection' ? connectionOf(startedAt) : requestOf
  const witnessed = engine.witnessed({ groupOf, areOne: unit !== undefined, phantoms })
  if (witnessed === undefined) throw new Error(`the PostgreSQL engine of ${id} does not record its transactions`)
  return witnessed
}

function judgedAs(
  { expect: level, unit }: Kept,
  { id, startedAt }: Judging,
  { transactions, unknown, phantoms }: Pick<Witnessed, 'transactions' | 'unknown'> & { readonly phantoms: boolean },
): JudgedIsolation {
  const history = historyOfWitnessed(transactions, id)
  const judged = history.operations.length === 0 ? undefined : checked(history, level, unit)
  switch (judged?.result) {
    case undefined:
    case 'met':
      if (unknown === undefined) return { result: 'kept' }
      return { result: 'unknown', why: `${unknown}, so a violation may have gone unseen` }
    case 'unknown':
      return { result: 'unknown', why: judged.reason.text }
    case 'violated':
      return { result: 'broken', broken: explanationOf(judged.counterexample, { history, startedAt, phantoms }) }
  }
}

/** A connection counts as idle after this long without a message. Recordings use the same time. */
const IDLE_NANOS = 10_000_000

/**
 * Returns a function that gives all transactions of a connection the same name until the connection is idle. It must be
 * called in the order of the commits.
 */
function connectionOf(startedAt: Nanos): (pid: number, from: number, to: number) => string {
  const known = new Map<number, { readonly name: string; readonly until: number }>()
  return (pid, from, to) => {
    const last = known.get(pid)
    const isIdle = last === undefined || from - last.until >= IDLE_NANOS
    const name = isIdle ? `connection ${pid} from ${momentInMillis(from - startedAt)}` : last.name
    known.set(pid, { name, until: to })
    return name
  }
}

/** Judges a history. The `request` of a transaction names its group: a request or a connection. */
function checked(history: History, level: string, unit: Isolation['unit']): Verdict {
  const report = check(history, {
    model: 'rw-register',
    initial: 'unknown',
    levels: [level],
    ...(unit === undefined ? {} : { unit: 'request' as const }),
    memoryBytes: MEMORY_BYTES,
    ...limitedTo(CHECK_STEPS),
  })
  return verdictOf(report, level)
}

/**
 * The explanation for phantoms: rows that appear, or begin to match a condition. No transaction can lock them
 * beforehand.
 */
const ROWS_COME_TO_BE = {
  cause:
    'Each transaction decided by the rows that its query found, but another transaction changed which rows the query finds.',
  cure: 'Use SERIALIZABLE and retry; or let a unique key or an exclusion constraint refuse the second row; or let each of these transactions first lock the same row. SELECT … FOR UPDATE cannot lock a row that does not exist yet.',
}

function explanationOf(
  { sentence, transactions, story }: Counterexample,
  {
    history,
    startedAt,
    phantoms,
  }: Pick<Judging, 'startedAt'> & { readonly history: History; readonly phantoms: boolean },
): BrokenIsolation {
  const parts = transactions?.parts ?? []
  const cause = phantoms && story?.name !== NO_TRANSACTION ? ROWS_COME_TO_BE : story
  return {
    what: named(shortened(sentence, parts), parts, history),
    evidence: [
      ...parts.flatMap((part, i) => linesOf(part, `T${i + 1}`, { history, startedAt })),
      ...(cause === undefined ? [] : [cause.cause, `Cure: ${cause.cure}`]),
    ],
    cure: cause?.cure,
    requests: parts.flatMap((part) => requestOf(part, history) ?? []),
  }
}

/** The `name` of the checker's `TransactionStory` about a request whose statements ran in several transactions. */
const NO_TRANSACTION = 'no transaction around it'

const MOST_SQL = 80

/**
 * Shortens a sentence. Removes statements, because other lines show them, and line numbers, because there is no file.
 */
function shortened(sentence: string, parts: readonly DrawnTransaction[]): string {
  let text = sentence.replace(/ \(process \d+, lines? [\d, and–-]+\)/g, '')
  for (const { steps } of parts)
    for (const { sql } of steps) {
      if (sql === undefined) continue
      const short = sql.length <= MOST_SQL ? sql : `${sql.slice(0, MOST_SQL - 1)}…`
      text = text.replaceAll(` (${short})`, '')
    }
  return text
}

function named(text: string, parts: readonly DrawnTransaction[], history: History): string {
  return text.replace(/\bT(\d+) \(process \d+\)/g, (all, number: string) => {
    const part = parts[Number(number) - 1]
    const request = part && requestOf(part, history)
    return request === undefined ? all : `T${number} (${request})`
  })
}

const requestOf = ({ operation }: DrawnTransaction, { operations, transactionNotes }: History): string | undefined =>
  transactionNotes?.get(operations.returnLine[operation] ?? 0)?.request

function linesOf(
  part: DrawnTransaction,
  name: string,
  { history, startedAt }: Pick<Judging, 'startedAt'> & { readonly history: History },
): readonly string[] {
  const { operation, steps, members = [] } = part
  const { callTime, returnTime } = history.operations
  const timeOf = (time: number | undefined): string => momentInMillis((time ?? 0) - startedAt)
  const last = members.at(-1) ?? operation
  const request = requestOf(part, history)
  return [
    `${name}${request === undefined ? '' : ` of ${request}`}, ${timeOf(callTime[operation])} to ${timeOf(returnTime[last])}`,
    ...steps.map(({ text, sql }) => `    ${text}${sql === undefined ? '' : `: ${sql}`}`),
  ]
}
