import { foundOrMade } from '@chaosproxy/history'
import type { Exit } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { Fate, Wait } from './harms.ts'
import type { MessageRule } from './message-rule.ts'

/** Maximum number of waiting bytes of a direction. The proxy stops reading from the sender at this limit. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

/**
 * An entry of the queue. A `part` or `last-part` belongs to a message that is too large to hold. A `rest` belongs to a
 * stream that can no longer be split into messages.
 */
interface Waiting extends Pick<Fate, 'copies' | 'aside' | 'again' | 'delayedBy'> {
  readonly kind: 'message' | 'part' | 'last-part' | 'rest' | 'end' | 'reset'
  readonly sizeBytes: number
  dueAtMs: number
}

interface Aside {
  readonly copies: readonly Buffer[]
  readonly sizeBytes: number
  readonly wait: Wait
  /** Whether the message was already passed on once. */
  readonly repeated: boolean
  left: number
  readonly dueAtMs: number
}

/** Sends, delays, repeats, reorders and drops the messages of one direction of one connection. */
export class MessageQueue {
  readonly #exit: Exit
  readonly #clock: ProxyClock
  #waiting: Waiting[] = []
  #head = 0
  #aside: Aside[] = []
  #bytes = 0
  #cancelTimer: (() => void) | undefined
  #reading = true
  /** Whether part of a message has been sent, so that its rest must follow. */
  #midMessage = false
  #over = false

  constructor(exit: Exit, clock: ProxyClock) {
    this.#exit = exit
    this.#clock = clock
  }

  /** Whether the next message can bypass the queue. */
  get idle(): boolean {
    return this.#waiting.length === this.#head && this.#aside.length === 0 && !this.#midMessage
  }

  take(fate: Fate): void {
    if (fate.copies.length === 0) return
    this.#push({
      kind: 'message',
      copies: keptCopies(fate.copies),
      aside: fate.aside,
      again: fate.again,
      delayedBy: fate.delayedBy,
      dueAtMs: this.#clock.nowMs() + fate.delayMs,
    })
  }

  /** Queues bytes that are not a whole message. */
  loose(bytes: Buffer, kind: 'part' | 'last-part' | 'rest'): void {
    this.#push({ kind, copies: [Buffer.from(bytes)], delayedBy: [], dueAtMs: this.#clock.nowMs() })
  }

  finish(ending: 'end' | 'reset'): void {
    this.#push({ kind: ending, copies: [], delayedBy: [], dueAtMs: this.#clock.nowMs() })
  }

  /** Releases messages that wait only because of this rule, and drops its pending repetitions. */
  heal(rule: MessageRule): void {
    const nowMs = this.#clock.nowMs()
    for (const waiting of this.#waiting)
      if (waiting.delayedBy.includes(rule) && waiting.delayedBy.every((other) => other === rule))
        waiting.dueAtMs = nowMs
    const staying: Aside[] = []
    for (const aside of this.#aside) {
      if (aside.wait.rule === rule && aside.repeated) {
        this.#bytes -= aside.sizeBytes
        continue
      }
      if (aside.wait.rule === rule) aside.left = 0
      staying.push(aside)
    }
    this.#aside = staying
    this.#advance()
  }

  stop(): void {
    this.#over = true
    this.#waiting = []
    this.#head = 0
    this.#aside = []
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #push(item: Omit<Waiting, 'sizeBytes'>): void {
    if (this.#over) return
    const waiting = { ...item, sizeBytes: sizeOf(item.copies) }
    this.#waiting.push(waiting)
    this.#bytes += waiting.sizeBytes
    this.#advance()
  }

  #advance(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const nowMs = this.#clock.nowMs()
    this.#passDueAsides(nowMs)
    for (let next = this.#waiting[this.#head]; next !== undefined; next = this.#waiting[this.#head]) {
      if (next.dueAtMs > nowMs) break
      this.#head++
      this.#bytes -= next.sizeBytes
      this.#dispatch(next, nowMs)
    }
    if (this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    this.#govern()
    this.#arm(nowMs)
  }

  #dispatch(next: Waiting, nowMs: number): void {
    switch (next.kind) {
      case 'message':
        this.#dispatchMessage(next, nowMs)
        break
      case 'part':
      case 'last-part':
        this.#pass(next.copies)
        this.#midMessage = next.kind === 'part'
        this.#passDueAsides(nowMs)
        break
      case 'rest':
        this.#passAllAsides()
        this.#pass(next.copies)
        this.#midMessage = true
        break
      case 'end':
        this.#passAllAsides()
        this.stop()
        this.#exit.end()
        break
      case 'reset':
        this.stop()
        this.#exit.reset()
        break
    }
  }

  #dispatchMessage(next: Waiting, nowMs: number): void {
    if (next.aside !== undefined) {
      next.aside.rule.hit()
      this.#setAside(next, next.aside, false, nowMs)
      return
    }
    this.#pass(next.copies)
    // Count only the message just sent, not the messages that are released now. Otherwise those would release each
    // other.
    for (const aside of this.#aside) aside.left--
    this.#passDueAsides(nowMs)
    if (next.again !== undefined) this.#setAside(next, next.again, true, nowMs)
  }

  #setAside({ copies, sizeBytes }: Waiting, wait: Wait, repeated: boolean, nowMs: number): void {
    this.#bytes += sizeBytes
    this.#aside.push({ copies, sizeBytes, wait, repeated, left: wait.behind, dueAtMs: nowMs + wait.withinMs })
  }

  #passDueAsides(nowMs: number): void {
    if (this.#midMessage || this.#aside.length === 0) return
    const staying: Aside[] = []
    for (const aside of this.#aside)
      if (aside.left > 0 && aside.dueAtMs > nowMs) staying.push(aside)
      else this.#passAside(aside)
    this.#aside = staying
  }

  /**
   * Sends the messages that were set aside to follow later messages. Called when no later message can come. Drops
   * messages that repeat an earlier one. If the stream stops within a message, drops all messages set aside.
   */
  #passAllAsides(): void {
    for (const aside of this.#aside)
      if (!aside.repeated && !this.#midMessage) this.#passAside(aside)
      else this.#bytes -= aside.sizeBytes
    this.#aside = []
  }

  #passAside({ copies, sizeBytes, repeated, wait }: Aside): void {
    this.#bytes -= sizeBytes
    if (repeated) wait.rule.hit()
    this.#pass(copies)
  }

  #pass(copies: readonly Buffer[]): void {
    for (const copy of copies) this.#exit.pass(copy)
  }

  #govern(): void {
    const reading = this.#bytes < MOST_WAITING_BYTES
    if (reading === this.#reading) return
    this.#reading = reading
    this.#exit.setReading(reading)
  }

  #arm(nowMs: number): void {
    let nextAtMs = this.#waiting[this.#head]?.dueAtMs ?? Number.POSITIVE_INFINITY
    if (!this.#midMessage) for (const { dueAtMs } of this.#aside) nextAtMs = Math.min(nextAtMs, dueAtMs)
    if (nextAtMs === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.#clock.after(nextAtMs - nowMs, () => this.#advance())
  }
}

const sizeOf = (copies: readonly Buffer[]): number => copies.reduce((sum, { length }) => sum + length, 0)

/** Copies messages out of memory that is about to be reused. */
function keptCopies(copies: readonly Buffer[]): readonly Buffer[] {
  const kept: Map<Buffer, Buffer> = new Map()
  return copies.map((copy) => {
    return foundOrMade(kept, copy, () => Buffer.from(copy))
  })
}
