import type { MessageFault } from '@chaosproxy/faults'
import { FrameReader, type FrameSink } from '@chaosproxy/wire'
import type { Conversation, Exit, Stage } from '../interceptor/interceptor.ts'
import { Run } from '../interceptor/run.ts'
import type { ProxyClock } from '../link/clock.ts'
import { carryOut, type Seat } from '../link/rule.ts'
import type { Carrier } from '../link/rule-list.ts'
import type { StatementFaults } from '../statements/statement-faults.ts'
import { type Fate, messageHarms, type Strike } from './harms.ts'
import type { MessageLink } from './message-link.ts'
import { MessageQueue } from './message-queue.ts'
import type { MessageRule, Track } from './message-rule.ts'

export interface MessageStageOptions {
  readonly link: MessageLink
  readonly reverse: MessageLink
  readonly track: Track
  readonly maxMessageBytes: number
  readonly clock: ProxyClock
  readonly exit: Exit
  readonly guard: Conversation['guard']
  /** The faults on the connection's SQL statements. */
  readonly statements: StatementFaults | undefined
  /** Called when a message is changed or reordered. */
  readonly disturbed: (altered: readonly Buffer[]) => void
}

/**
 * Reads one direction of one connection, message by message. While no rule applies, it passes bytes on as they arrive
 * and only finds the ends of messages.
 */
export class MessageStage implements Stage, FrameSink, Carrier<MessageRule> {
  readonly #options: MessageStageOptions
  readonly #reader: FrameReader
  readonly #queue: MessageQueue
  readonly #seat: Seat
  readonly #run: Run
  #ended = false
  /** Whether the bytes of the incomplete message in `#reader` have already been passed on. */
  #keptWasPassed = false
  #firstByte = 0
  #isObserving = false
  /** Whether the handshake that may offer compression is still to come. */
  #offersCompression: boolean

  constructor(options: MessageStageOptions) {
    this.#options = options
    const { framing, direction } = options.track
    this.#seat = options.link.join(this)
    this.#offersCompression = framing.withoutCompression !== undefined && direction === 'requests'
    this.#run = new Run(options.exit)
    this.#queue = new MessageQueue(options.exit, options.clock)
    this.#reader = new FrameReader({
      scanner: framing.scanner(direction),
      maxFrameBytes: options.maxMessageBytes,
    })
  }

  receive(bytes: Buffer): boolean {
    const { link, reverse, exit } = this.#options
    const { messages, oversized, framed } = this.#reader
    let free: boolean
    const isUnruled = link.rules.length === 0 && !(this.#offersCompression && reverse.rules.length > 0)
    const isIdle = isUnruled && this.#options.statements?.isIdle !== false && this.#queue.idle
    if (isIdle && (this.#reader.waitingBytes === 0 || this.#keptWasPassed)) {
      this.#observe(bytes)
      this.#offersCompression &&= this.#reader.messages === 0
      free = exit.pass(bytes)
    } else {
      this.#dropPassed()
      if (this.#isObserving && this.#options.track.direction === 'requests') this.#options.statements?.reader.caughtUp()
      this.#isObserving = false
      this.#reader.read(bytes, this)
      this.#run.flush()
      free = this.#run.takeFree()
    }
    link.messages += this.#reader.messages - messages
    link.oversized += this.#reader.oversized - oversized
    if (framed && !this.#reader.framed) link.unframed++
    return free
  }

  /** Reads the messages in `bytes`. The caller passes the bytes on at once, without waiting for whole messages. */
  #observe(bytes: Buffer): void {
    const { statements, track } = this.#options
    const reader = statements?.reader
    if (reader === undefined) {
      this.#reader.skim(bytes)
      return
    }
    const isRequest = track.direction === 'requests'
    this.#isObserving = true
    if (!isRequest && !reader.awaitsReply) {
      this.#dropPassed()
      this.#reader.skim(bytes, (firstByte) => reader.replyBegins(firstByte))
      return
    }
    this.#reader.read(bytes, {
      begin: (firstByte) => {
        this.#firstByte = firstByte
      },
      frame(message) {
        if (isRequest) {
          reader.caughtUp()
          reader.readRequest(message)
        } else reader.readReply(message)
      },
      loose: (_, last) => {
        if (isRequest && last) reader.skipRequest(this.#firstByte)
      },
    })
    this.#keptWasPassed = this.#reader.waitingBytes > 0
  }

  /** If the reader holds the beginning of a message that was already passed on, drops this beginning. */
  #dropPassed(): void {
    if (!this.#keptWasPassed) return
    this.#keptWasPassed = false
    this.#reader.release({ frame: () => undefined, loose: () => undefined })
  }

  begin(firstByte: number): void {
    this.#firstByte = firstByte
  }

  end(): void {
    this.#dropPassed()
    this.#ended = true
    this.#reader.release(this)
    this.#run.flush()
    this.#queue.finish('end')
  }

  reset(): void {
    this.#queue.finish('reset')
  }

  delivered(): void {
    // Message faults do not depend on what happens to bytes after they are passed on.
  }

  frame(bytes: Buffer): void {
    const { link, track, clock, statements } = this.#options
    const instead = track.direction === 'requests' ? statements?.request(bytes) : statements?.reply(bytes)
    if (instead !== undefined && instead !== bytes) {
      if (instead.length > 0) this.#passLoose(instead, 'last-part')
      return
    }
    if (track.framing.isHandshake?.(bytes) === true) {
      this.#passLoose(
        this.#offersCompression ? (track.framing.withoutCompression?.(bytes) ?? bytes) : bytes,
        'last-part',
      )
      this.#offersCompression = false
      return
    }
    const earlier = this.#reader.messages - 1
    const fate = planFate(link.rules, bytes, { track, earlier, nowMs: clock.nowMs(), seat: this.#seat })
    if (fate === undefined && this.#queue.idle) {
      this.#run.add(bytes)
      return
    }
    this.#run.flush()
    if (fate !== undefined && disturbs(fate, bytes))
      this.#options.disturbed(track.direction === 'requests' ? fate.copies.filter((copy) => copy !== bytes) : [])
    this.#queue.take(fate ?? { copies: [bytes], delayMs: 0, delayedBy: [] })
  }

  loose(bytes: Buffer, last: boolean): void {
    const { statements, track } = this.#options
    if (last && track.direction === 'requests') statements?.reader.skipRequest(this.#firstByte)
    if (track.direction === 'responses' && statements?.isLost === true) return
    const hopeless = this.#ended || !this.#reader.framed
    this.#passLoose(bytes, hopeless ? 'rest' : last ? 'last-part' : 'part')
  }

  #passLoose(bytes: Buffer, kind: 'rest' | 'last-part' | 'part'): void {
    if (this.#queue.idle) {
      this.#run.add(bytes)
      return
    }
    this.#run.flush()
    this.#queue.loose(bytes, kind)
  }

  ruleRemoved(rule: MessageRule): void {
    this.#options.guard(() => {
      this.#queue.heal(rule)
      // Without rules, messages need not be held whole.
      if (this.#options.link.rules.length > 0 || this.#options.statements?.isIdle === false) return
      this.#reader.release(this)
      this.#run.flush()
    })
  }

  stop(): void {
    this.#options.link.leave(this)
    this.#queue.stop()
  }
}

const disturbs = ({ copies, aside, again }: Fate, message: Buffer): boolean =>
  copies.length !== 1 || copies[0] !== message || aside !== undefined || again !== undefined

interface FateOptions {
  readonly track: Track
  readonly earlier: number
  readonly nowMs: number
  readonly seat: Seat
}

/** Applies the rules that select a message. Delays add up; of several reorderings or repetitions, the last applies. */
function planFate(rules: readonly MessageRule[], message: Buffer, options: FateOptions): Fate | undefined {
  const { earlier, track, nowMs, seat } = options
  if (rules.length === 0) return undefined
  const isCompressed = track.framing.isCompressed?.(message) === true
  const chosen = rules.filter(
    (rule) => !(isCompressed && rule.missesCompressed()) && rule.strikes(message, track, seat, nowMs, earlier),
  )
  let fate: Fate | undefined
  carryOut(chosen, (rule) => {
    const next = applyFault(fate ?? { copies: [message], delayMs: 0, delayedBy: [] }, { message, rule, track, seat })
    if (next === undefined) return 'none'
    fate = next
    if (fate.copies.length === 0) return 'ends'
    // For faults of these kinds, the queue counts the hit later: when it reorders or repeats the message.
    return COUNTED_LATER.includes(rule.fault.kind) ? 'none' : 'acts'
  })
  return fate
}

const COUNTED_LATER: readonly MessageFault['kind'][] = ['reorder-message', 'replay-message']

function applyFault(fate: Fate, strike: Strike): Fate | undefined {
  const { fault } = strike.rule
  // The function `messageHarms[fault.kind]` accepts faults of this kind, but the compiler cannot infer that.
  const harm = messageHarms[fault.kind] as (fate: Fate, fault: MessageFault, strike: Strike) => Fate | undefined
  return harm(fate, fault, strike)
}
