import type { Nanos } from '@chaosproxy/history'
import { type BackendMessage, reportOf, reportText, type ServerReport } from '@chaosproxy/wire/postgresql'
import type { Completions, Interpretation } from '../record/call.ts'
import type { Dialect } from './dialect.ts'
import { judgeNotices, judgeReport } from './errors.ts'
import type { Questions } from './questions.ts'
import { type Doubt, doneBy } from './row-step.ts'
import type { Expected, Transaction, Unit } from './unit.ts'

export interface RepliesOptions {
  readonly questions: Questions
  /** Called with a transaction's outcome, after its end was requested. */
  readonly concluded: (transaction: Transaction, completions: Completions) => void
  /** Called for a transaction that will never begin. */
  readonly abandoned: (transaction: Transaction, reason: string) => void
  readonly unmatched: () => void
  /** Called if an answer does not show the statement's effect. */
  readonly doubted: (transaction: Transaction, what: string, doubt: Doubt) => void
  readonly now: () => Nanos
  /** Undefined for PostgreSQL. */
  readonly dialect?: Dialect | undefined
  /** Called if the rest of the connection cannot be parsed. */
  readonly lost: (what: string) => void
}

const MOST_ROWS = 10_000
const MOST_PENDING = 10_000
const ENCRYPTED = 'an encrypted connection of PostgreSQL (connect to the proxy with sslmode=disable)'

/** Assigns a server's replies to statements, and determines the outcome of transactions. */
export class Replies {
  readonly #questions: Questions
  readonly #concluded: RepliesOptions['concluded']
  readonly #abandoned: RepliesOptions['abandoned']
  readonly #unmatched: RepliesOptions['unmatched']
  readonly #doubted: RepliesOptions['doubted']
  readonly #now: RepliesOptions['now']
  readonly #lost: RepliesOptions['lost']
  readonly #dialect: Dialect | undefined
  /** Units without a complete reply, in order. */
  #pending: Unit[] = []

  constructor({ questions, concluded, abandoned, unmatched, doubted, now, lost, dialect }: RepliesOptions) {
    this.#questions = questions
    this.#concluded = concluded
    this.#abandoned = abandoned
    this.#unmatched = unmatched
    this.#doubted = doubted
    this.#now = now
    this.#lost = lost
    this.#dialect = dialect
  }

  expect(unit: Unit): void {
    this.#pending.push(unit)
  }

  get pending(): readonly Unit[] {
    return this.#pending
  }

  get areTooMany(): boolean {
    return this.#pending.length > MOST_PENDING
  }

  end(): void {
    this.#pending = []
  }

  read(message: BackendMessage): void {
    const [unit] = this.#pending
    switch (message.kind) {
      case 'encryption':
        if (message.answer !== 'N') this.#lost(ENCRYPTED)
        return
      case 'authentication':
      case 'backend-key':
      case 'parameter-status':
      case 'negotiate-version':
      case 'notification':
        return
      case 'copy-in':
        // During an extended COPY, the server ignores a Sync.
        if (unit?.isSimple === false) this.#lost('a connection of PostgreSQL in an extended COPY')
        return
      case 'copy-both':
        this.#lost('a connection of PostgreSQL for replication')
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
    const answering = unit ?? this.#questions.open
    if (answering === undefined) {
      if (message.kind !== 'error') this.#unmatched()
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
        unit.expected.shift()
        return
      case 'parameter-description':
        if (next?.kind === 'describe') next.prepared.types = message.types
        return
      case 'no-data':
        unit.expected.shift()
        return
      case 'row-description':
        this.#described(unit, next, message.columns)
        return
      case 'data-row':
        if (next?.kind !== 'execute') return
        // Two rows suffice to show that there are several. The bytes are borrowed, so copy them.
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
    if (step.kind === 'operation') executed.said = step.part.says({ tag, rows, columns, formats })
    if (row === undefined) return
    executed.answeredAt = this.#now()
    executed.done = doneBy(row, { tag, rows, columns, formats, hasMore, isWarned: unit.isWarned })
    const { doubt } = executed.done
    if (doubt !== undefined) this.#doubted(unit.transaction, row.what, doubt)
  }

  #ready(unit: Unit, status: 'I' | 'T' | 'E'): void {
    this.#pending.shift()
    this.#questions.answered(unit)
    const { transaction } = unit
    if (transaction.isOver) return
    const isIdle = status === 'I'
    if (unit.ends === undefined) {
      if (!isIdle) return
      // The server refused BEGIN, and so everything after it.
      this.#questions.refused(transaction)
      if (unit.refused === undefined || this.#pending.some((later) => later.transaction === transaction))
        this.#lost('a transaction that ended without a request')
      else this.#abandoned(transaction, 'BEGIN was refused')
      return
    }
    if (!isIdle) {
      this.#lost('a transaction that continues after its end')
      return
    }
    const { collapsed: all } = transaction
    if (all === undefined) return
    this.#concluded(transaction, fateOf(unit) ?? all.completions())
  }
}

/** Returns the outcome of a transaction. Undefined if it was committed, or if its effects are unknown. */
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
