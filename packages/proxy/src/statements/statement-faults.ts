import type { UnansweredFault } from '@chaosproxy/faults'
import type { StatementReader, Statements, Substitution } from '@chaosproxy/wire'
import type { Conversation } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import { carryOut, type Seat } from '../link/rule.ts'
import type { Carrier, RuleList } from '../link/rule-list.ts'
import type { StatementRule } from './statement-rule.ts'

/** How long a client may stay connected after the error that ends its connection. */
const LINGER_MS = 5_000
const NOTHING = Buffer.alloc(0)

/** What happens to an exchange: its reply is lost, or its request is replaced. */
type Fate =
  | {
      readonly kind: 'unanswered'
      readonly fault: UnansweredFault
      readonly rule: StatementRule
      readonly statement: string
    }
  | Substitution

export interface StatementFaultsOptions {
  readonly conversation: Pick<Conversation, 'requests' | 'responses' | 'abort'>
  readonly statements: Statements
  readonly list: RuleList<StatementRule>
  readonly clock: ProxyClock
}

/** The faults on one connection's statements. Every message must be passed to them or to `reader`. */
export class StatementFaults implements Carrier<StatementRule> {
  readonly reader: StatementReader
  readonly #options: StatementFaultsOptions
  readonly #seat: Seat
  readonly #fates: Map<number, Fate> = new Map()
  /** The latest substitution. Further messages of the replaced request are dropped. */
  #substitution: Substitution | undefined
  #isMuted = false
  #cancelLinger: (() => void) | undefined

  constructor(options: StatementFaultsOptions) {
    this.#options = options
    this.#seat = options.list.join(this)
    this.reader = options.statements.reader()
  }

  get isIdle(): boolean {
    return (
      this.#options.list.rules.length === 0 &&
      this.#fates.size === 0 &&
      this.#substitution === undefined &&
      !this.#isMuted
    )
  }

  /** Whether the bytes that the server sends now are withheld from the client. */
  get isLost(): boolean {
    return this.#isMuted || this.#fates.get(this.reader.answering)?.kind === 'unanswered'
  }

  ruleRemoved(): void {
    // Nothing to do: an exchange keeps its fate, even if the rule that chose it is removed.
  }

  closed(): void {
    this.#cancelLinger?.()
    this.#options.list.leave(this)
  }

  /** Returns what the server gets in place of a client's message, if anything. */
  request(message: Buffer): Buffer | undefined {
    const { exchange, statement } = this.reader.readRequest(message)
    if (this.#cancelLinger !== undefined || this.#substitution?.skips(message) === true) return NOTHING
    this.#substitution = undefined
    const { rules } = this.#options.list
    if (statement === undefined || rules.length === 0) return undefined
    const nowMs = this.#options.clock.nowMs()
    const chosen = rules.filter((rule) => rule.isFor(statement) && rule.chooses(this.#seat, nowMs))
    let instead: Buffer | undefined
    carryOut(
      chosen,
      (rule) => {
        const { fault } = rule
        if (fault.kind === 'sql-error') {
          instead = this.#fail(exchange, { ...fault, statement, request: message })
          return 'ends'
        }
        if (!this.#fates.has(exchange)) this.#fates.set(exchange, { kind: 'unanswered', fault, rule, statement })
        return 'none'
      },
      statement,
    )
    return instead
  }

  /** Returns what the client gets in place of a server's message, if anything. */
  reply(message: Buffer): Buffer | undefined {
    if (this.#isMuted) return NOTHING
    const exchange = this.reader.answering
    const fate = this.#fates.get(exchange)
    if (fate?.kind === 'substitution' && fate.isSurplus(message)) return NOTHING
    this.reader.readReply(message)
    if (fate === undefined) return undefined
    const isOver = this.reader.answering !== exchange
    if (isOver) this.#fates.delete(exchange)
    if (fate.kind === 'substitution') return fate.reply(message)
    if (isOver) this.#lose(fate)
    return NOTHING
  }

  #lose({ fault, rule, statement }: Extract<Fate, { readonly kind: 'unanswered' }>): void {
    rule.hit(statement)
    this.#isMuted = true
    if (fault.kind === 'crash-before-reply' || fault.silence === 'reset') this.#options.conversation.abort()
  }

  #fail(exchange: number, options: Parameters<Statements['failure']>[0]): Buffer {
    const failure = this.#options.statements.failure(options)
    if (failure.kind === 'substitution') {
      this.#fates.set(exchange, failure)
      this.#substitution = failure
      return failure.request
    }
    const { conversation, clock } = this.#options
    this.#isMuted = true
    conversation.responses.pass(failure.reply)
    conversation.responses.end()
    conversation.requests.end()
    this.#cancelLinger = clock.after(LINGER_MS, () => conversation.abort())
    return NOTHING
  }
}
