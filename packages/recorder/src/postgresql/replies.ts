import type { Nanos, ObjectUse, Overwrites } from '@chaosproxy/history'
import { type BackendMessage, reportOf, reportText, type ServerReport } from '@chaosproxy/wire/postgresql'
import type { Completions, Interpretation } from '../record/call.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import type { Settle } from '../record/remarks.ts'
import type { Crossings } from '../spoken/crossings.ts'
import type { Dialect } from './dialect.ts'
import { judgeNotices, judgeReport } from './errors.ts'
import type { Questions } from './questions.ts'
import { doneBy } from './row-step.ts'
import type { PostgresqlSettings } from './settings.ts'
import type { Executed } from './transaction.ts'
import { doubtIn, type Expected, type Transaction, type Unit } from './unit.ts'

export interface RepliesOptions {
  readonly questions: Questions
  readonly connection: ConnectionRecorder
  readonly commands: PostgresqlSettings['commands']
  readonly crossings: Crossings<Transaction>
  readonly overwrites: Overwrites
  readonly now: () => Nanos
  /** Called if the rest of the connection cannot be parsed. */
  readonly lost: (what: string) => void
}

const MOST_ROWS = 10_000
const MOST_PENDING = 10_000
const ENCRYPTED = 'an encrypted connection of PostgreSQL (connect to the proxy with sslmode=disable)'

/** Assigns a server's replies to statements, and records the outcome of transactions. */
export class Replies {
  readonly #options: RepliesOptions
  readonly #dialect: Dialect | undefined
  readonly #rows: ObjectUse
  /** Requests without a complete reply, in order. */
  #pending: Unit[] = []

  constructor(options: RepliesOptions) {
    this.#options = options
    this.#dialect = options.commands.dialect
    this.#rows = options.overwrites.client()
  }

  expect(unit: Unit): void {
    this.#pending.push(unit)
  }

  get areTooMany(): boolean {
    return this.#pending.length > MOST_PENDING
  }

  read(message: BackendMessage): void {
    const [unit] = this.#pending
    switch (message.kind) {
      case 'encryption':
        if (message.answer !== 'N') this.#options.lost(ENCRYPTED)
        return
      case 'authentication':
      case 'backend-key':
      case 'parameter-status':
      case 'negotiate-version':
      case 'notification':
        return
      case 'copy-in':
        // During an extended COPY, the server ignores a Sync.
        if (unit?.isSimple === false) this.#options.lost('a connection of PostgreSQL in an extended COPY')
        return
      case 'copy-both':
        this.#options.lost('a connection of PostgreSQL for replication')
        return
      case 'notice':
        if (unit !== undefined && this.#dialect === undefined) unit.noticed ??= judgeNotices([reportOf(message)])
        else if (unit !== undefined) unit.isWarned = true
        return
      case 'ready':
        if (unit !== undefined) this.#ready(unit, message.status)
        return
      default:
    }
    const answering = unit ?? this.#options.questions.open
    if (answering === undefined) {
      if (message.kind !== 'error') this.#options.connection.unmatchedAnswer()
      return
    }
    if (message.kind === 'error') this.#refused(answering, reportOf(message))
    else this.#result(answering, message)
  }

  #refused(unit: Unit, report: ServerReport): void {
    const [next] = unit.expected
    // In MySQL an error rolls back only its statement.
    const isStatementOnly = this.#dialect !== undefined && unit.ends === undefined
    if (!isStatementOnly) unit.transaction.hasFailed = true
    else if (next?.kind === 'execute') next.executed.isUndone = true
    const isCommit = next?.kind === 'execute' && next.control === 'commit'
    unit.transaction.refusal ??= reportText(report)
    const judge = this.#dialect?.judge ?? judgeReport
    unit.refused ??= { type: judge(report, unit.hasCarriedOut || isCommit), error: reportText(report) }
  }

  #result(unit: Unit, message: BackendMessage): void {
    const [next] = unit.expected
    switch (message.kind) {
      case 'parse-complete':
      case 'bind-complete':
      case 'close-complete':
      case 'no-data':
        unit.expected.shift()
        return
      case 'parameter-description':
        if (next?.kind === 'describe') next.prepared.types = message.types
        return
      case 'row-description':
        this.#described(unit, next, message.columns)
        return
      case 'data-row':
        if (next?.kind !== 'execute') return
        // If `row` is undefined, two rows are enough to show that there are several. Copy each value, because the
        // memory of a message is reused.
        if (next.rows.length >= (next.executed.row === undefined ? 2 : MOST_ROWS)) next.hasMore = true
        else next.rows.push(message.values.map((value) => (value === null ? null : Buffer.from(value))))
        return
      case 'command-complete':
      case 'empty-query':
      case 'portal-suspended':
        this.#carriedOut(unit, next, message.kind === 'command-complete' ? message.tag : '')
        return
      default:
    }
  }

  #described(
    unit: Unit,
    next: Expected | undefined,
    columns: Extract<BackendMessage, { readonly kind: 'row-description' }>['columns'],
  ): void {
    if (next?.kind === 'execute') next.columns = columns
    if (next?.kind !== 'describe') return
    unit.expected.shift()
    if (next.portal === undefined) next.prepared.columns = columns
    else next.portal.columns = columns
  }

  #carriedOut(unit: Unit, next: Expected | undefined, tag: string): void {
    if (next?.kind !== 'execute') return
    unit.expected.shift()
    unit.hasCarriedOut = true
    unit.tag = tag
    const { executed, portal, rows, hasMore, control } = next
    if (control === 'rollback-to') unit.transaction.hasFailed = false
    const { step, row } = executed
    if (step.kind !== 'operation' && row === undefined) return
    const columns = next.columns ?? portal?.columns ?? portal?.prepared.columns
    // Only the description of a portal contains the formats.
    const formats = portal === undefined || portal.columns !== undefined ? undefined : portal.resultFormats
    if (step.kind === 'operation') executed.interpretation = step.part.interpret({ tag, rows, columns, formats })
    if (row === undefined) return
    executed.answeredAt = this.#options.now()
    executed.done = doneBy(row, { tag, rows, columns, formats, hasMore, isWarned: unit.isWarned })
    const { doubt } = executed.done
    if (doubt !== undefined) doubtIn(unit.transaction, this.#options.connection, row.what, doubt)
  }

  #ready(unit: Unit, status: 'I' | 'T' | 'E'): void {
    this.#pending.shift()
    this.#options.questions.answered(unit)
    const { transaction } = unit
    if (transaction.isOver) return
    const isIdle = status === 'I'
    if (unit.ends === undefined) {
      if (!isIdle) return
      const { questions, lost } = this.#options
      if (unit.refused === undefined || this.#pending.some((later) => later.transaction === transaction)) {
        // Some of the transaction's statements may have taken effect.
        transaction.isTangled = true
        questions.cut(transaction, transaction.executed)
        lost('a transaction that ended without a request')
        return
      }
      // The server refused BEGIN, and therefore all statements after it.
      questions.refused(transaction)
      this.#abandon(transaction, 'BEGIN was refused')
      return
    }
    if (!isIdle) {
      this.#options.lost('a transaction that continues after its end')
      return
    }
    const { collapsed: all } = transaction
    if (all === undefined) return
    this.#conclude(transaction, fateOf(unit) ?? all.completions())
  }

  ended(reason: string): void {
    const { questions } = this.#options
    const [current] = this.#pending
    for (const transaction of new Set([
      ...this.#pending.map(({ transaction }) => transaction),
      ...questions.unfinished,
    ])) {
      if (transaction.isOver) continue
      if (transaction.collapsed === undefined) this.#abandon(transaction, reason)
      // The server's last messages may show the outcome.
      else if (current?.transaction === transaction && current.refused !== undefined)
        this.#conclude(transaction, current.refused)
      else this.#end(transaction, 'lasting', reason)
    }
    questions.end()
    this.#pending = []
  }

  /** Ends a transaction that will never be committed. */
  #abandon(transaction: Transaction, reason: string): void {
    if (transaction.isOver) return
    // No statement takes effect: the unfinished request has no Sync, and without a Sync the server commits nothing.
    this.#options.questions.cut(transaction)
    this.#end(transaction, 'refused', reason)
  }

  /** Ends a transaction although the server has not reported its end. */
  #end(transaction: Transaction, fate: 'refused' | 'lasting', reason: string): void {
    const { exchange } = transaction
    transaction.isOver = true
    settle(transaction, fate)
    exchange.settled(fate === 'refused')
    exchange.ended(this.#options.now(), reason)
  }

  #conclude(transaction: Transaction, completions: Completions): void {
    transaction.isOver = true
    const { exchange } = transaction
    const isRefused = 'type' in completions && completions.type === 'fail'
    const isUnclear = transaction.isTangled || (!isRefused && !isCommitted(completions))
    settle(transaction, isUnclear ? 'lasting' : isRefused ? 'refused' : 'ended')
    if (exchange.calls.length === 0) {
      exchange.settled(isRefused)
      return
    }
    if (isCommitted(completions)) this.#committed(transaction.executed)
    this.#options.crossings.answered(exchange, completions)
  }

  /** Detects lost updates. On each row, the transaction's statements count as one operation. */
  #committed(executed: readonly Executed[]): void {
    const { commands, connection } = this.#options
    const isAlone = executed.length === 1
    for (const { step, interpretation } of executed) {
      if (step.kind !== 'operation' || interpretation?.type !== 'ok' || !('value' in interpretation)) continue
      const { key, call, writes } = step.part
      if (writes === 'nothing') {
        if (isAlone) this.#rows.read(key, interpretation.value)
        continue
      }
      const isOverwrite = this.#rows.wrote(key, interpretation.value, isAlone && call.f === 'write')
      // If `areAtomic` is false, the settings say that a transaction's reads and writes are independent.
      if (isOverwrite && commands.areAtomic) connection.overwrote(key)
    }
  }
}

type Fate = Parameters<Settle>[0]

function settle({ doubts }: Transaction, fate: Fate): void {
  for (const each of doubts.splice(0)) each(fate)
}

const isCommitted = (completions: Completions): boolean =>
  ('type' in completions ? [completions] : completions).every(({ type }) => type === 'ok')

/** Returns the outcome if the transaction certainly failed, or if a notice contradicts its success; else undefined. */
function fateOf({ refused, noticed, tag, ends, transaction }: Unit): Interpretation | undefined {
  if (noticed !== undefined) return noticed
  if (refused !== undefined) return refused
  const { isTangled, hasFailed } = transaction
  if (ends === 'rollback' && !isTangled)
    return { type: 'fail', error: transaction.refusal ?? 'the transaction was rolled back' }
  if (ends === 'commit' && (tag === 'ROLLBACK' || hasFailed))
    return { type: 'fail', error: transaction.refusal ?? 'the transaction was rolled back' }
  return undefined
}
