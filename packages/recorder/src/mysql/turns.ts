import { STATUS, type Value } from '@chaosproxy/wire/mysql'
import type { BackendMessage } from '@chaosproxy/wire/postgresql'
import type { SpeechEnds } from '../postgresql/speech.ts'
import { type Token, textOf } from '../postgresql/sql-tokens.ts'
import { controlOf } from '../postgresql/statement.ts'
import type { Answer } from './answer.ts'
import { DEADLOCK, STATEMENT_ONLY } from './errors.ts'
import { statementsOf } from './sql-tokens.ts'
import { isolationIn } from './statement.ts'
import { fieldOf, resultMessages, tagOf } from './translated.ts'

export interface MysqlRequest {
  readonly sql: string | undefined
  readonly values: readonly Value[] | undefined
  /** Whether an UPDATE reports the matched rows, not the changed rows. Clients can choose this. */
  readonly countsFound: boolean
}

interface Turn extends MysqlRequest {
  readonly tokens: readonly Token[]
  readonly flow: Flow
  /** Whether the statement first commits the open transaction. */
  readonly commitsFirst: boolean
}

interface OpenTransaction {
  /** Whether the server has reported that the transaction is open. */
  wasSeen: boolean
  /** Why the server may have rolled back the transaction. */
  doubt: string | undefined
}

type Flow =
  | 'begin'
  | 'begin-snapshot'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'rollback-to'
  | 'ends-first'
  | 'plain'
  | 'never-begins'

const MULTIPLE = 'a connection of MySQL with several statements in one text (turn multipleStatements off)'
const XA = 'a connection of MySQL with transactions of XA, or with blocks of statements'
const LIMITED = 'a connection of MySQL with SQL_SELECT_LIMIT, as setMaxRows sets it (use LIMIT)'
const CHAINED = 'a connection of MySQL with COMMIT AND CHAIN'

/**
 * Statements before which MySQL commits the open transaction. Creating or dropping a temporary table does not commit
 * it. If any other statement ends the transaction, the transaction's outcome is recorded as unknown.
 */
const COMMITS_FIRST =
  /^(alter|create (?!(or replace )?temporary)|drop (?!temporary|prepare)|rename|truncate|grant|revoke|lock|analyze (\w+ )?table|check|flush|optimize|repair|reset|install|uninstall|set password)\b/
/** Statements after which reads may lack rows. */
const LIMITS_READS = /^set\b.*\bsql_select_limit (: )?:?= (?!default\b)/
/** Statements that begin no transaction if AUTOCOMMIT is off. */
const NEVER_BEGINS = /^(set|use|show|desc|describe|explain|help|kill|prepare|deallocate|get|signal|release)\b/

/** Translates MySQL's requests and answers to PostgreSQL's. Adds the BEGIN, COMMIT and ROLLBACK that MySQL implies. */
export class Turns {
  readonly #ends: SpeechEnds
  #turn: Turn | undefined
  #transaction: OpenTransaction | undefined
  /** The open transaction's savepoints. The server does not report a transaction that has only savepoints. */
  readonly #savepoints: Set<string> = new Set()
  #isAutocommit = true
  /** The isolation level of the session; undefined for the server's default. */
  #level: string | undefined
  #nextLevel: string | undefined

  constructor(ends: SpeechEnds) {
    this.#ends = ends
  }

  ask(request: MysqlRequest): void {
    const statements = request.sql === undefined ? undefined : statementsOf(request.sql)
    if (statements !== undefined && statements.length > 1) {
      this.#ends.lost(MULTIPLE)
      return
    }
    const tokens = statements?.[0] ?? []
    const flow = flowOf(tokens, this.#isAutocommit)
    if (flow === 'chain') {
      this.#ends.lost(CHAINED)
      return
    }
    if (flow === 'foreign') {
      this.#ends.lost(XA)
      return
    }
    if (LIMITS_READS.test(textOf(tokens))) {
      this.#ends.lost(LIMITED)
      return
    }
    const name = tokens.at(-1)?.text ?? ''
    if (flow === 'savepoint') this.#savepoints.add(name)
    if (flow === 'rollback-to' && !this.#savepoints.has(name)) {
      this.#ends.lost('a connection of MySQL with a ROLLBACK TO a savepoint that no statement made')
      return
    }
    const commitsFirst = this.#isOpen && (flow === 'begin' || flow === 'begin-snapshot' || flow === 'ends-first')
    const isOwn = flow !== 'begin' && flow !== 'begin-snapshot' && flow !== 'commit' && flow !== 'rollback'
    this.#turn = { ...request, values: isOwn ? request.values : undefined, tokens, flow, commitsFirst }
    if (commitsFirst) this.#say('COMMIT')
    else if (!this.#isOpen && !this.#isAutocommit && (flow === 'plain' || flow === 'savepoint')) {
      this.#say(this.#beginning())
      this.#answers({ kind: 'command-complete', tag: 'BEGIN' }, ready(true))
      this.#open()
    }
    switch (flow) {
      case 'begin':
        this.#say(this.#beginning())
        return
      case 'begin-snapshot':
        // This BEGIN takes the snapshot immediately. The recorder assumes that a snapshot is taken after the request of
        // the transaction's first statement, so add a first statement.
        this.#say(`${this.#beginning()}; SELECT 1`)
        return
      case 'commit':
      case 'rollback':
        this.#say(flow.toUpperCase())
        return
      default:
    }
    const sql = request.sql ?? UNREADABLE_TEXT
    if (request.values === undefined) {
      this.#say(sql)
      return
    }
    const values = request.values.map(fieldOf)
    this.#ends.asks({ kind: 'parse', statement: '', sql, types: [] })
    this.#ends.asks({ kind: 'bind', portal: '', statement: '', formats: [], values, resultFormats: [] })
    this.#ends.asks({ kind: 'execute', portal: '', mostRows: 0 })
    this.#ends.asks({ kind: 'sync' })
  }

  answer(answer: Exclude<Answer, { readonly kind: 'local-file' }>): void {
    const turn = this.#turn
    if (turn === undefined) return
    this.#turn = undefined
    if (answer.kind === 'refused') {
      this.#refused(turn, `${answer.error.code}`, answer.error.message)
      return
    }
    if (turn.commitsFirst) this.#concluded('COMMIT')
    const { flow, tokens, values, countsFound } = turn
    if (flow === 'commit' || flow === 'rollback') {
      this.#concluded(flow.toUpperCase())
      return
    }
    const tag = tagOf(answer.result, tokens, countsFound)
    if (tag === undefined) {
      this.#ends.lost('a connection of MySQL with an UPDATE that does not say how many rows it found')
      return
    }
    if (flow === 'begin' || flow === 'begin-snapshot') this.#open()
    if (values !== undefined) this.#answers({ kind: 'parse-complete' }, { kind: 'bind-complete' })
    if (answer.warnings > 0) this.#answers(WARNED)
    this.#answers(...resultMessages(answer.result, tokens[0]?.text ?? ''), { kind: 'command-complete', tag })
    if (flow === 'begin-snapshot') this.#answers({ kind: 'command-complete', tag: 'SELECT 1' })
    this.#answers(ready(this.#isOpen))
    if (flow === 'plain' && !this.#isOpen) this.#nextLevel = undefined
    this.#noteIsolation(tokens)
  }

  status(status: number): void {
    const isOpen = (status & STATUS.inTransaction) !== 0
    this.#isAutocommit = (status & STATUS.autocommit) !== 0
    const transaction = this.#transaction
    if (transaction === undefined) {
      if (isOpen) this.#ends.lost('a connection of MySQL with a transaction that no statement began, as in a procedure')
    } else if (isOpen) transaction.wasSeen = true
    else if (transaction.wasSeen || this.#savepoints.size === 0) this.#endedByServer(transaction)
  }

  reset(): void {
    if (this.#isOpen) this.#rollBack()
    this.#level = undefined
    this.#nextLevel = undefined
    this.#say('SET SESSION transaction_isolation = DEFAULT')
    this.#answers({ kind: 'command-complete', tag: 'SET' }, ready(false))
  }

  /** Ends a transaction that the server has ended by itself, or has never begun. */
  #endedByServer(transaction: OpenTransaction): void {
    this.#say('COMMIT')
    if (transaction.wasSeen) transaction.doubt ??= 'the server ended the transaction without a COMMIT of the client'
    this.#concluded('COMMIT')
  }

  #refused(turn: Turn, code: string, message: string): void {
    const error = errorOf(code, message)
    if (turn.commitsFirst) {
      this.#answers(errorOf(UNKNOWN, 'the statement that commits it was refused'), ready(false))
      this.#close()
    }
    if (turn.flow === 'rollback') {
      this.#ends.lost('a connection of MySQL whose ROLLBACK was refused')
      return
    }
    if (turn.flow === 'rollback-to' || turn.flow === 'begin-snapshot') {
      this.#ends.lost(
        `a connection of MySQL with a refused ${turn.flow === 'rollback-to' ? 'ROLLBACK TO' : 'START TRANSACTION'}`,
      )
      return
    }
    if (turn.values !== undefined) this.#answers({ kind: 'parse-complete' }, { kind: 'bind-complete' })
    if (turn.flow === 'commit') {
      this.#answers(error, ready(false))
      this.#close()
      return
    }
    this.#answers(error, ready(this.#isOpen))
    if (this.#transaction === undefined) return
    if (code === DEADLOCK) this.#rollBack()
    else if (!STATEMENT_ONLY.has(Number(code)))
      this.#transaction.doubt ??= `after ${code} ${message} the server may have rolled back the transaction`
  }

  /** Notes the isolation level that a SET requests. */
  #noteIsolation(tokens: readonly Token[]): void {
    const isolation = isolationIn(tokens)
    if (isolation === undefined) return
    if (isolation.isForSession) this.#level = isolation.level
    else this.#nextLevel = isolation.level
  }

  #beginning(): string {
    const level = this.#nextLevel ?? this.#level
    this.#nextLevel = undefined
    return level === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${level.replace(/ of InnoDB$/, '')}`
  }

  #rollBack(): void {
    this.#say('ROLLBACK')
    this.#concluded('ROLLBACK')
  }

  #concluded(tag: string): void {
    const doubt = this.#transaction?.doubt
    if (doubt !== undefined && tag === 'COMMIT') this.#answers(errorOf(UNKNOWN, doubt))
    else this.#answers({ kind: 'command-complete', tag })
    this.#answers(ready(false))
    this.#close()
  }

  get #isOpen(): boolean {
    return this.#transaction !== undefined
  }

  #open(): void {
    this.#transaction = { wasSeen: false, doubt: undefined }
  }

  #close(): void {
    this.#transaction = undefined
    this.#savepoints.clear()
  }

  #say(sql: string): void {
    this.#ends.asks({ kind: 'query', sql })
  }

  #answers(...messages: readonly BackendMessage[]): void {
    for (const message of messages) this.#ends.answers(message)
  }
}

/**
 * Stands for a statement whose text cannot be read. The constant is an unclosed quotation mark, so the recorder cannot
 * parse it, and assumes that the statement may have any effect.
 */
const UNREADABLE_TEXT = "'"

const ready = (isOpen: boolean): BackendMessage => ({ kind: 'ready', status: isOpen ? 'T' : 'I' })

const UNKNOWN = 'HY000'

const errorOf = (code: string, message: string): BackendMessage => ({
  kind: 'error',
  fields: [
    ['V', 'ERROR'],
    ['C', code],
    ['M', message],
  ],
})

const WARNED: BackendMessage = { kind: 'notice', fields: [['V', 'WARNING']] }

function flowOf(tokens: readonly Token[], isAutocommit: boolean): Flow | 'chain' | 'foreign' {
  const text = textOf(tokens)
  if (/^xa\b/.test(text) || /^begin (?!work$)/.test(text)) return 'foreign'
  const control = controlOf(tokens)
  switch (control) {
    case 'begin':
      return /\bconsistent snapshot\b/.test(text) ? 'begin-snapshot' : 'begin'
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'rollback-to':
    case 'chain':
      return control
    default:
  }
  if (!isAutocommit && /^set\b.*\bautocommit\b/.test(text) && !/\bautocommit (: )?= (0|off)\b/.test(text))
    return 'ends-first'
  if (COMMITS_FIRST.test(text)) return 'ends-first'
  return NEVER_BEGINS.test(text) ? 'never-begins' : 'plain'
}
