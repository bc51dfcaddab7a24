import type { Nanos } from '@chaosproxy/history'
import { FrameReader, postgresql } from '@chaosproxy/wire'
import {
  type BackendMessage,
  type FrontendMessage,
  MalformedMessage,
  readBackend,
  readFrontend,
  reportOf,
  reportText,
  type ServerReport,
} from '@chaosproxy/wire/postgresql'
import type { Completions, Interpretation } from '../record/call.ts'
import type { Naming } from '../record/naming.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import type { Control } from './action.ts'
import { judgeNotices, judgeReport } from './errors.ts'
import { stepOf } from './part.ts'
import { type Portal, type Prepared, StatementReader, unseen } from './prepared.ts'
import type { PostgresqlSettings } from './settings.ts'
import type { Statement } from './statement.ts'
import { collapsed, type Executed } from './transaction.ts'
import type { Expected, Transaction, Unit } from './unit.ts'

export interface ConversationOptions {
  readonly connection: ConnectionRecorder
  readonly now: () => Nanos
  readonly commands: PostgresqlSettings['commands']
  readonly naming: Naming
  /** Longer messages are not read, and count as changing every row. */
  readonly maxMessageBytes: number
}

interface Answered {
  readonly transaction: Transaction
  readonly completions: Completions
  readonly endByte: number
}

/** As many unanswered requests are remembered. */
const MOST_PENDING = 10_000
const MOST_STATEMENTS = 100_000
const OVERFLOW = 'a connection of PostgreSQL with too many statements at once'

const ENCRYPTED = 'an encrypted connection of PostgreSQL (connect to the proxy with sslmode=disable)'
const TOO_LONG = 'a connection of PostgreSQL with a message of more than 16 MiB'
const NOT_POSTGRESQL = 'a connection that is no PostgreSQL'
const TANGLED = {
  what: 'a transaction with savepoints, or with a COMMIT among other statements',
  why: 'what it did is not followed; send BEGIN and COMMIT alone, and use no savepoints',
}

/** One connection: what its bytes ask, and what became of it. */
export class PostgresqlConversation {
  readonly #connection: ConnectionRecorder
  readonly #now: () => Nanos
  readonly #commands: PostgresqlSettings['commands']
  readonly #naming: Naming
  readonly #statements: StatementReader
  readonly #requests: FrameReader
  readonly #responses: FrameReader
  readonly #prepared: Map<string, Prepared> = new Map()
  readonly #portals: Map<string, Portal> = new Map()
  #applicationName: string | undefined
  #requestBytes = 0
  #responseBytes = 0
  /** The unit that has not arrived in full. */
  #open: Unit | undefined
  /** A transaction that was begun, and goes on behind the units sent so far. */
  #transaction: Transaction | undefined
  #pending: Unit[] = []
  #unsent: Transaction[] = []
  #undelivered: Answered[] = []
  #isOpaque = false

  constructor({ connection, now, commands, naming, maxMessageBytes }: ConversationOptions) {
    this.#connection = connection
    this.#now = now
    this.#commands = commands
    this.#naming = naming
    this.#statements = new StatementReader(commands)
    const reader = (direction: 'requests' | 'responses') =>
      new FrameReader({ scanner: postgresql.scanner(direction), maxFrameBytes: maxMessageBytes })
    this.#requests = reader('requests')
    this.#responses = reader('responses')
  }

  /** Bytes of the client, before any of them is passed on. */
  asked(bytes: Buffer): void {
    if (this.#isOpaque) return
    const time = this.#now()
    this.#requests.read(bytes, {
      frame: (frame) => {
        if (this.#isOpaque) return
        const startByte = this.#requestBytes
        this.#requestBytes += frame.length
        const message = this.#readable(() => readFrontend(frame))
        if (message !== undefined) this.#request(message, time, startByte)
      },
      loose: () => this.#stopUnderstanding(this.#requests.framed ? TOO_LONG : NOT_POSTGRESQL),
    })
    if (this.#pending.length > MOST_PENDING || this.#prepared.size + this.#portals.size > MOST_STATEMENTS)
      this.#stopUnderstanding(OVERFLOW)
  }

  /** Bytes of the server, before any of them is passed on. */
  answered(bytes: Buffer): void {
    if (this.#isOpaque) return
    this.#responses.read(bytes, {
      frame: (frame) => {
        if (this.#isOpaque) return
        this.#responseBytes += frame.length
        const message = this.#readable(() => readBackend(frame))
        if (message !== undefined) this.#response(message)
      },
      loose: () => this.#stopUnderstanding(this.#responses.framed ? TOO_LONG : NOT_POSTGRESQL),
    })
  }

  /** How many bytes of the client the server was sent. */
  sent(totalBytes: number): void {
    for (;;) {
      const [next] = this.#unsent
      if (next === undefined || next.startByte >= totalBytes) return
      this.#unsent.shift()
      next.isSent = true
      next.exchange.forwarded(this.#now())
    }
  }

  /** How many bytes of the server the client was sent. */
  delivered(totalBytes: number): void {
    for (;;) {
      const [next] = this.#undelivered
      if (next === undefined || next.endByte > totalBytes) return
      this.#undelivered.shift()
      next.transaction.exchange.delivered(this.#now(), next.completions)
    }
  }

  /** Messages were lost or changed on their way, so that no answer can be told to be another's. */
  disturbed(): void {
    this.#stopUnderstanding('a connection of PostgreSQL whose messages a fault has lost or changed')
  }

  /** Nothing more will come from the server. */
  ended(reason: string): void {
    const open = [this.#open?.transaction, ...this.#pending.map(({ transaction }) => transaction), this.#transaction]
    const [current] = this.#pending
    for (const transaction of new Set(open)) {
      if (transaction === undefined || transaction.isOver) continue
      if (transaction.collapsed === undefined) this.#abandon(transaction, reason)
      // The server's last words may say what became of it.
      else if (current?.transaction === transaction && current.refused !== undefined)
        this.#conclude(transaction, current.refused, this.#responseBytes)
      else {
        transaction.isOver = true
        transaction.exchange.settled(false)
        transaction.exchange.ended(this.#now(), reason)
      }
    }
    this.#open = undefined
    this.#pending = []
    this.#transaction = undefined
    this.#unsent = []
  }

  /** Both sides are gone. */
  closed(): void {
    this.ended('the connection ended')
    for (const { transaction } of this.#undelivered) transaction.exchange.ended(this.#now(), 'the connection ended')
    this.#undelivered = []
  }

  #readable<Message>(read: () => Message): Message | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      this.#stopUnderstanding(`${NOT_POSTGRESQL} (${error.message})`)
      return undefined
    }
  }

  #request(message: FrontendMessage, time: Nanos, startByte: number): void {
    switch (message.kind) {
      case 'startup': {
        const parameters = new Map(message.parameters)
        const replication = parameters.get('replication')
        this.#applicationName = parameters.get('application_name')
        if (replication !== undefined && replication !== 'false')
          this.#stopUnderstanding('a connection of PostgreSQL for replication')
        return
      }
      case 'ssl-request':
      case 'gssenc-request':
      case 'cancel-request':
      case 'credentials':
      case 'terminate':
      case 'copy-data':
      case 'copy-done':
      case 'copy-fail':
        return
      default:
    }
    const unit = this.#open ?? this.#begin(time, startByte)
    this.#open = unit
    switch (message.kind) {
      case 'query':
        unit.isSimple = true
        for (const statement of this.#statements.read(message.sql)) this.#execute(unit, statement, undefined)
        this.#complete(unit)
        return
      case 'parse':
        this.#parse(unit, message)
        return
      case 'bind': {
        const prepared = this.#prepared.get(message.statement) ?? unseen
        const { formats, resultFormats } = message
        // Its bytes are borrowed.
        const values = message.values.map((value) => (value === null ? null : Buffer.from(value)))
        const portal = { prepared, formats, values, resultFormats, columns: undefined, wasExecuted: false }
        this.#portals.set(message.portal, portal)
        unit.expected.push({ kind: 'bind' })
        return
      }
      case 'describe': {
        const portal = message.of === 'portal' ? this.#portals.get(message.name) : undefined
        const prepared = message.of === 'portal' ? portal?.prepared : this.#prepared.get(message.name)
        unit.expected.push({ kind: 'describe', prepared: prepared ?? unseen, portal })
        return
      }
      case 'close':
        if (message.of === 'portal') this.#portals.delete(message.name)
        else this.#prepared.delete(message.name)
        unit.expected.push({ kind: 'close' })
        return
      case 'execute': {
        const portal = this.#portals.get(message.portal)
        const [statement = NOTHING_ASKED] = (portal?.prepared ?? unseen).statements
        // The rest of its rows.
        const isRest = portal?.wasExecuted === true
        this.#execute(unit, isRest ? REST : statement, portal)
        if (portal !== undefined) portal.wasExecuted = true
        return
      }
      case 'sync':
        this.#complete(unit)
        return
      case 'function-call':
        this.#execute(unit, FUNCTION, undefined)
        this.#complete(unit)
        return
      case 'flush':
    }
  }

  #begin(time: Nanos, startByte: number): Unit {
    const transaction = this.#transaction ?? this.#beginTransaction(time, startByte)
    return {
      transaction,
      expected: [],
      ends: undefined,
      isSimple: false,
      tag: '',
      hasCarriedOut: false,
      refused: undefined,
      noticed: undefined,
    }
  }

  #beginTransaction(time: Nanos, startByte: number): Transaction {
    const transaction: Transaction = {
      exchange: this.#connection.begin(time),
      startByte,
      isSent: false,
      executed: [],
      isTangled: false,
      hasFailed: false,
      collapsed: undefined,
      isOver: false,
    }
    this.#unsent.push(transaction)
    return transaction
  }

  #parse(unit: Unit, { statement: name, sql, types }: Extract<FrontendMessage, { readonly kind: 'parse' }>): void {
    const prepared: Prepared = { statements: this.#statements.read(sql), types, columns: undefined }
    // The server refuses to prepare another one under the same name.
    const isNew = name === '' || !this.#prepared.has(name)
    if (isNew) this.#prepared.set(name, prepared)
    unit.expected.push({ kind: 'parse', name, prepared, isNew })
  }

  #execute(unit: Unit, statement: Statement, portal: Portal | undefined): void {
    const { transaction } = unit
    const executed: Executed = { step: stepOf(statement, portal, this.#commands), said: undefined }
    const columns = portal?.columns ?? portal?.prepared.columns
    const formats = portal === undefined || portal.columns !== undefined ? undefined : portal.resultFormats
    const control = statement.kind === 'control' ? statement.control : undefined
    unit.expected.push({ kind: 'execute', executed, control, portal, rows: [], columns, formats })
    if (control === undefined) {
      if (unit.ends !== undefined) transaction.isTangled = true
      transaction.executed.push(executed)
      if (transaction.executed.length > MOST_PENDING) this.#stopUnderstanding(OVERFLOW)
      return
    }
    this.#control(unit, control)
  }

  #control(unit: Unit, control: Control): void {
    const { transaction } = unit
    switch (control) {
      case 'begin':
        if (unit.ends === undefined) this.#transaction = transaction
        else this.#stopUnderstanding('a connection of PostgreSQL with a COMMIT and a BEGIN in one request')
        return
      case 'commit':
      case 'rollback':
        // Outside of a transaction it ends what the same request has done so far.
        if (this.#transaction === undefined && transaction.executed.length > 0) transaction.isTangled = true
        if (unit.ends !== undefined) transaction.isTangled = true
        unit.ends = control
        this.#transaction = undefined
        return
      case 'prepare':
        transaction.isTangled = true
        unit.ends = 'commit'
        this.#transaction = undefined
        return
      case 'savepoint':
        transaction.isTangled = true
        return
      case 'forget':
        this.#prepared.clear()
    }
  }

  /** The unit is here: what it asks is known. */
  #complete(unit: Unit): void {
    this.#open = undefined
    if (this.#isOpaque) return
    const { transaction } = unit
    if (this.#transaction === undefined) unit.ends ??= 'commit'
    this.#pending.push(unit)
    if (unit.ends === undefined) return
    const isNothing = unit.ends === 'rollback' && !transaction.isTangled
    this.#finish(transaction, isNothing ? [] : transaction.executed)
  }

  /** No further statement belongs to it. */
  #finish(transaction: Transaction, executed: readonly Executed[]): void {
    const all = collapsed(executed, this.#commands.areAtomic)
    transaction.collapsed = all
    const understanding = all.understanding({ session: this.#session })
    const isChanging = transaction.isTangled && executed.some(changes)
    transaction.exchange.called(
      isChanging ? { kind: 'not-understood', ...TANGLED, touches: touchesOf(executed) } : understanding,
    )
  }

  get #session(): string | undefined {
    return this.#naming.kind === 'fixed' ? this.#naming.session : this.#applicationName
  }

  /** It was not committed, and never will be. */
  #abandon(transaction: Transaction, reason: string): void {
    if (transaction.isOver) return
    // A request that has not arrived in full lacks its Sync, without which the server commits nothing.
    if (transaction.collapsed === undefined) this.#finish(transaction, [])
    transaction.isOver = true
    transaction.exchange.settled(true)
    transaction.exchange.ended(this.#now(), reason)
  }

  #response(message: BackendMessage): void {
    const [unit] = this.#pending
    switch (message.kind) {
      case 'encryption':
        if (message.answer !== 'N') this.#stopUnderstanding(ENCRYPTED)
        return
      case 'authentication':
      case 'backend-key':
      case 'parameter-status':
      case 'negotiate-version':
      case 'notification':
        return
      case 'copy-in':
        // Then the server skips the Sync that it was sent already.
        if (unit?.isSimple === false) this.#stopUnderstanding('a connection of PostgreSQL in an extended COPY')
        return
      case 'copy-both':
        this.#stopUnderstanding('a connection of PostgreSQL for replication')
        return
      case 'notice':
        if (unit !== undefined) unit.noticed ??= judgeNotices([reportOf(message)])
        return
      case 'ready':
        if (unit !== undefined) this.#ready(unit, message.status)
        return
      default:
    }
    const answering = unit ?? this.#open
    if (answering === undefined) {
      if (message.kind !== 'error') this.#connection.unmatchedAnswer()
      return
    }
    if (message.kind === 'error') this.#refused(answering, reportOf(message))
    else this.#result(answering, message)
  }

  #refused(unit: Unit, report: ServerReport): void {
    unit.transaction.hasFailed = true
    const [next] = unit.expected
    const isCommit = next?.kind === 'execute' && next.control === 'commit'
    unit.refused ??= { type: judgeReport(report, unit.hasCarriedOut || isCommit), error: reportText(report) }
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
        // More than two say nothing more. The bytes are borrowed.
        if (next?.kind === 'execute' && next.rows.length < 2)
          next.rows.push(message.values.map((value) => (value === null ? null : Buffer.from(value))))
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
    for (const later of unit.expected)
      if (later.kind === 'execute' && later.portal !== undefined && later.portal === next.portal)
        later.columns = columns
  }

  #carriedOut(unit: Unit, next: Expected | undefined, tag: string): void {
    if (next?.kind !== 'execute') return
    unit.expected.shift()
    unit.hasCarriedOut = true
    unit.tag = tag
    const { executed, portal, rows } = next
    if (executed.step.kind !== 'operation') return
    const columns = next.columns ?? portal?.columns ?? portal?.prepared.columns
    // The description of a statement does not know the formats; that of a portal does.
    const formats = portal === undefined || portal.columns !== undefined ? undefined : portal.resultFormats
    executed.said = executed.step.part.says({ tag, rows, columns, formats })
  }

  #ready(unit: Unit, status: 'I' | 'T' | 'E'): void {
    this.#pending.shift()
    // What the server has not confirmed it does not have.
    for (const left of unit.expected)
      if (left.kind === 'parse' && left.isNew && this.#prepared.get(left.name) === left.prepared)
        this.#prepared.delete(left.name)
    const { transaction } = unit
    if (transaction.isOver) return
    const isIdle = status === 'I'
    if (unit.ends === undefined) {
      if (!isIdle) return
      // BEGIN was refused, and with it all that stood behind it in the same request.
      if (this.#transaction === transaction) this.#transaction = undefined
      if (unit.refused === undefined || this.#pending.some((later) => later.transaction === transaction))
        this.#stopUnderstanding('a transaction of PostgreSQL that ended unasked')
      else this.#abandon(transaction, 'BEGIN was refused')
      return
    }
    if (!isIdle) {
      this.#stopUnderstanding('a transaction of PostgreSQL that goes on behind its end')
      return
    }
    const { collapsed: all } = transaction
    if (all === undefined) return
    this.#conclude(transaction, this.#fateOf(unit) ?? all.completions(), this.#responseBytes)
  }

  /** What became of a transaction, unless it was committed. */
  #fateOf({ refused, noticed, tag, ends, transaction }: Unit): Interpretation | undefined {
    if (noticed !== undefined) return noticed
    if (refused !== undefined) return refused
    // COMMIT of a transaction that has failed.
    if (ends === 'commit' && (tag === 'ROLLBACK' || transaction.hasFailed))
      return { type: 'fail', error: 'the transaction was rolled back' }
    return undefined
  }

  #conclude(transaction: Transaction, completions: Completions, endByte: number): void {
    transaction.isOver = true
    const { exchange } = transaction
    const isRefused = !Array.isArray(completions) && (completions as Interpretation).type === 'fail'
    if (exchange.calls.length === 0) {
      exchange.settled(isRefused)
      return
    }
    exchange.answered(this.#now(), completions)
    this.#undelivered.push({ transaction, completions, endByte })
  }

  /** Whatever it does from here on, and has not answered yet, may change any row. */
  #stopUnderstanding(what: string): void {
    if (this.#isOpaque) return
    this.#connection.opaque(what, 'everything')
    this.ended('what came of it was not understood')
    this.#isOpaque = true
  }
}

const changes = ({ step }: Executed): boolean =>
  step.kind === 'other' ? step.touches !== 'nothing' : step.part.writes !== 'nothing'

function touchesOf(executed: readonly Executed[]) {
  if (executed.some(({ step }) => step.kind === 'other' && step.touches === 'everything')) return 'everything' as const
  const keys = executed.flatMap(({ step }) =>
    step.kind === 'operation' ? [step.part.key] : typeof step.touches === 'object' ? step.touches.keys : [],
  )
  return { keys: [...new Set(keys)] }
}

const NOTHING_ASKED: Statement = { kind: 'other', what: 'an empty statement', touches: 'nothing', why: '' }
const REST: Statement = { kind: 'other', what: 'the next rows of a cursor', touches: 'nothing', why: '' }
const FUNCTION: Statement = {
  kind: 'other',
  what: 'a function called without SQL',
  touches: 'everything',
  why: 'which one is not read; call it by SELECT',
}
