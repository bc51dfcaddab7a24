import { type Nanos, nanos, type ObjectUse, type Overwrites } from '@chaosproxy/history'
import type { Completions } from '../record/call.ts'
import type { Settle } from '../record/remarks.ts'
import type { RecordedConversation } from '../spoken/conversation.ts'
import type { Crossings } from '../spoken/crossings.ts'
import { conversationInOrder, type MessagesInOrder } from '../spoken/in-order.ts'
import { OVERFLOW, Questions, type QuestionsOptions } from './questions.ts'
import { Replies } from './replies.ts'
import { type Dialogue, postgresqlSpeech, type Speech } from './speech.ts'
import type { Executed } from './transaction.ts'
import type { Transaction } from './unit.ts'

export interface ConversationOptions
  extends Pick<QuestionsOptions, 'connection' | 'commands' | 'naming' | 'requestOf'> {
  readonly now: () => Nanos
  /** Maximum length of a message that is read, in bytes. A longer message counts as changing every row. */
  readonly maxMessageBytes: number
  readonly overwrites: Overwrites
  readonly speech?: Speech | undefined
}

/** Records the transactions of a connection, from their first byte to the end of the reply. */
export const postgresqlConversation = (options: ConversationOptions): RecordedConversation => {
  const { connection, now, maxMessageBytes, speech = postgresqlSpeech } = options
  return conversationInOrder<Transaction>({
    ...{ connection, now, maxMessageBytes, framing: speech.framing, name: speech.name },
    open: ({ crossings, lost }) => new Transactions({ ...options, speech, crossings, lost }),
  })
}

interface TransactionsOptions extends ConversationOptions {
  readonly speech: Speech
  readonly crossings: Crossings<Transaction>
  /** Called when the rest of the connection cannot be recorded. */
  readonly lost: (what: string) => void
}

class Transactions implements MessagesInOrder {
  /** The recorder gives up a connection with too many requests, and never makes the client wait. */
  readonly isFull = false
  readonly #now: () => Nanos
  readonly #lost: (what: string) => void
  readonly #crossings: Crossings<Transaction>
  readonly #questions: Questions
  readonly #replies: Replies
  readonly #dialogue: Dialogue
  readonly #rows: ObjectUse
  readonly #overwrote: (key: string) => void
  /** The arrival time of the current request. */
  #time: Nanos = nanos(0)
  /** The position of the current request's first byte. */
  #startByte = 0

  constructor({
    connection,
    now,
    commands,
    naming,
    overwrites,
    requestOf,
    speech,
    crossings,
    lost,
  }: TransactionsOptions) {
    this.#now = now
    this.#lost = lost
    this.#crossings = crossings
    this.#rows = overwrites.client()
    this.#overwrote = (key) => {
      // If `areAtomic` is false, the settings say that a transaction's reads and writes are independent.
      if (commands.areAtomic) connection.overwrote(key)
    }
    this.#questions = new Questions({
      ...{ connection, commands, naming, lost, requestOf },
      begun: (transaction) => crossings.begun(transaction),
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

  asked(request: Buffer, time: Nanos, startByte: number): void {
    this.#startByte = startByte
    this.#time = time
    this.#dialogue.asked(request)
    if (this.#replies.areTooMany || this.#questions.areTooMany) this.#lost(OVERFLOW)
  }

  answered(reply: Buffer): void {
    this.#time = this.#now()
    this.#dialogue.answered(reply)
  }

  ended(reason: string): void {
    const { pending } = this.#replies
    const [current] = pending
    const { unfinished } = this.#questions
    for (const transaction of new Set([...pending.map(({ transaction }) => transaction), ...unfinished])) {
      if (transaction.isOver) continue
      if (transaction.collapsed === undefined) this.#abandon(transaction, reason)
      // The server's last messages may show the outcome.
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
  }

  /** Ends a transaction that will never be committed. */
  #abandon(transaction: Transaction, reason: string): void {
    if (transaction.isOver) return
    // This request has no Sync, without which the server commits nothing.
    this.#questions.cut(transaction)
    transaction.isOver = true
    settle(transaction, 'refused')
    transaction.exchange.settled(true)
    transaction.exchange.ended(this.#now(), reason)
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
    this.#crossings.answered(exchange, completions)
  }

  /** Detects lost updates. On each row, the transaction's statements count as one operation. */
  #committed(executed: readonly Executed[]): void {
    const isAlone = executed.length === 1
    for (const { step, said } of executed) {
      if (step.kind !== 'operation' || said?.type !== 'ok' || !('value' in said)) continue
      const { key, call, writes } = step.part
      if (writes !== 'nothing') {
        if (this.#rows.wrote(key, said.value, isAlone && call.f === 'write')) this.#overwrote(key)
      } else if (isAlone) this.#rows.read(key, said.value)
    }
  }
}

function settle({ doubts }: Transaction, fate: Parameters<Settle>[0]): void {
  for (const each of doubts.splice(0)) each(fate)
}

const isCommitted = (completions: Completions): boolean =>
  ('type' in completions ? [completions] : completions).every(({ type }) => type === 'ok')
