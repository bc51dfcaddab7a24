import { type Nanos, nanos } from '@chaosproxy/history'
import { FrameReader } from '@chaosproxy/wire'
import { MalformedMessage } from '@chaosproxy/wire/postgresql'
import type { Completions, Interpretation } from '../record/call.ts'
import type { Naming } from '../record/naming.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import type { Settle } from '../record/remarks.ts'
import type { RecordedConversation } from '../spoken/conversation.ts'
import type { Overwrites, RowUse } from './overwrites.ts'
import { OVERFLOW, Questions } from './questions.ts'
import { Replies } from './replies.ts'
import type { PostgresqlSettings } from './settings.ts'
import { type Dialogue, postgresqlSpeech, type Speech } from './speech.ts'
import type { Transaction } from './unit.ts'

export interface ConversationOptions {
  readonly connection: ConnectionRecorder
  readonly now: () => Nanos
  readonly commands: PostgresqlSettings['commands']
  readonly naming: Naming
  /** Longer messages are not read, and count as changing every row. */
  readonly maxMessageBytes: number
  /** Shared by the connections to one server. */
  readonly overwrites: Overwrites
  /** The application's request that the bytes read now are for, if that is known without comments. */
  readonly requestOf?: (() => string | undefined) | undefined
  /** By default that of PostgreSQL. */
  readonly speech?: Speech | undefined
}

interface Answered {
  readonly transaction: Transaction
  readonly completions: Completions
  readonly endByte: number
}

/** One connection: its bytes as messages, and its transactions from their first byte to the last of the reply. */
export class PostgresqlConversation implements RecordedConversation {
  /** Whether too many requests are tracked, after which the connection is no longer understood. */
  readonly isFull = false
  readonly #connection: ConnectionRecorder
  readonly #now: () => Nanos
  readonly #requests: FrameReader
  readonly #responses: FrameReader
  readonly #questions: Questions
  readonly #replies: Replies
  readonly #speech: Speech
  readonly #dialogue: Dialogue
  readonly #rows: RowUse
  #requestBytes = 0
  /** When the request that is read has arrived, and its first byte. */
  #time: Nanos = nanos(0)
  #startByte = 0
  #responseBytes = 0
  #unsent: Transaction[] = []
  #undelivered: Answered[] = []
  #isOpaque = false

  constructor(options: ConversationOptions) {
    const { connection, now, commands, naming, maxMessageBytes, overwrites, requestOf } = options
    const { speech = postgresqlSpeech } = options
    this.#speech = speech
    this.#connection = connection
    this.#rows = overwrites.connection((key) => {
      // Otherwise the settings declare reads and writes to be independent.
      if (commands.areAtomic) connection.overwrote(key)
    })
    this.#now = now
    const reader = (direction: 'requests' | 'responses') =>
      new FrameReader({ scanner: speech.framing.scanner(direction), maxFrameBytes: maxMessageBytes })
    this.#requests = reader('requests')
    this.#responses = reader('responses')
    const lost = (what: string) => this.#stopUnderstanding(what)
    this.#questions = new Questions({
      ...{ connection, commands, naming, lost, requestOf },
      begun: (transaction) => this.#unsent.push(transaction),
      asked: (unit) => this.#replies.expect(unit),
    })
    this.#replies = new Replies({
      ...{ questions: this.#questions, lost },
      concluded: (transaction, completions) => this.#conclude(transaction, completions),
      abandoned: (transaction, reason) => this.#abandon(transaction, reason),
      unmatched: () => connection.unmatchedAnswer(),
      doubted: ({ doubts }, what, { why, touches, lasts }) => {
        const settle = connection.doubted(what, why, touches)
        doubts.push(lasts === true ? () => settle('lasting') : settle)
      },
      now,
      dialect: commands.dialect,
    })
    this.#dialogue = speech.open({
      asks: (message) => this.#questions.read(message, this.#time, this.#startByte),
      answers: (message) => this.#replies.read(message),
      lost,
      now,
      commands,
    })
  }

  asked(bytes: Buffer, time: Nanos): void {
    if (this.#isOpaque) return
    this.#requests.read(bytes, {
      frame: (frame) => {
        if (this.#isOpaque) return
        this.#startByte = this.#requestBytes
        this.#requestBytes += frame.length
        this.#time = time
        this.#read(() => this.#dialogue.asked(frame))
      },
      loose: () => this.#stopUnderstanding(this.#requests.framed ? this.#tooLong : this.#isOther),
    })
    if (this.#replies.areTooMany || this.#questions.areTooMany) this.#stopUnderstanding(OVERFLOW)
  }

  answered(bytes: Buffer): void {
    if (this.#isOpaque) return
    this.#responses.read(bytes, {
      frame: (frame) => {
        if (this.#isOpaque) return
        this.#responseBytes += frame.length
        this.#time = this.#now()
        this.#read(() => this.#dialogue.answered(frame))
      },
      loose: () => this.#stopUnderstanding(this.#responses.framed ? this.#tooLong : this.#isOther),
    })
  }

  sent(totalBytes: number, time: Nanos): void {
    for (;;) {
      const [next] = this.#unsent
      if (next === undefined || next.startByte >= totalBytes) return
      this.#unsent.shift()
      next.isSent = true
      next.exchange.forwarded(time)
    }
  }

  delivered(totalBytes: number): void {
    for (;;) {
      const [next] = this.#undelivered
      if (next === undefined || next.endByte > totalBytes) return
      this.#undelivered.shift()
      next.transaction.exchange.delivered(this.#now(), next.completions)
    }
  }

  altered(): void {
    this.disturbed()
  }

  disturbed(): void {
    this.#stopUnderstanding(`a connection of ${this.#speech.name} whose messages a fault has lost or changed`)
  }

  hungUp(): void {
    this.#connection.hungUp()
  }

  ended(reason: string): void {
    const { pending } = this.#replies
    const [current] = pending
    const { unfinished } = this.#questions
    for (const transaction of new Set([...pending.map(({ transaction }) => transaction), ...unfinished])) {
      if (transaction.isOver) continue
      if (transaction.collapsed === undefined) this.#abandon(transaction, reason)
      // The server's last messages may report its fate.
      else if (current?.transaction === transaction && current.refused !== undefined)
        this.#conclude(transaction, current.refused)
      else {
        transaction.isOver = true
        settle(transaction, 'lasting')
        transaction.exchange.settled(false)
        transaction.exchange.ended(this.#now(), reason)
      }
    }
    this.#questions.end()
    this.#replies.end()
    this.#unsent = []
  }

  closed(): void {
    this.#connection.hungUp()
    this.ended('the connection ended')
    for (const { transaction } of this.#undelivered) transaction.exchange.ended(this.#now(), 'the connection ended')
    this.#undelivered = []
  }

  get #tooLong(): string {
    return `a connection of ${this.#speech.name} with a message of more than 16 MiB`
  }

  get #isOther(): string {
    return `a connection that does not speak ${this.#speech.name}`
  }

  #read(message: () => void): void {
    try {
      message()
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      this.#stopUnderstanding(`${this.#isOther} (${error.message})`)
    }
  }

  /** The transaction was not committed, and never will be. */
  #abandon(transaction: Transaction, reason: string): void {
    if (transaction.isOver) return
    // An incomplete request lacks its Sync, without which the server commits nothing.
    this.#questions.cut(transaction)
    transaction.isOver = true
    settle(transaction, 'refused')
    transaction.exchange.settled(true)
    transaction.exchange.ended(this.#now(), reason)
  }

  #conclude(transaction: Transaction, completions: Completions): void {
    transaction.isOver = true
    const { exchange } = transaction
    const isRefused = !Array.isArray(completions) && (completions as Interpretation).type === 'fail'
    const isUnclear = transaction.isTangled || (!isRefused && !isCommitted(completions))
    settle(transaction, isUnclear ? 'lasting' : isRefused ? 'refused' : 'ended')
    if (exchange.calls.length === 0) {
      exchange.settled(isRefused)
      return
    }
    if (isCommitted(completions)) this.#rows.committed(transaction.executed)
    exchange.answered(this.#now(), completions)
    this.#undelivered.push({ transaction, completions, endByte: this.#responseBytes })
  }

  /** From here on, everything that is not yet answered may change any row. */
  #stopUnderstanding(what: string): void {
    if (this.#isOpaque) return
    this.#connection.opaque(what, 'everything')
    this.ended('its outcome was not understood')
    this.#isOpaque = true
  }
}

/** Tells what became of statements that were not understood. */
function settle({ doubts }: Transaction, fate: Parameters<Settle>[0]): void {
  for (const each of doubts.splice(0)) each(fate)
}

/** Neither refused nor uncertain. */
const isCommitted = (completions: Completions): boolean =>
  (Array.isArray(completions) ? completions : [completions as Interpretation]).every(({ type }) => type === 'ok')
