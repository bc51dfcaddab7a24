import type { NodeId } from '@chaosproxy/faults'

/** The number of answers remembered. Of older requests, only the fact that they were made is remembered. */
const MOST_REMEMBERED = 10_000

/** Tracks the requests given to one node: those without an answer, and those answered. */
export class Answered {
  readonly #node: NodeId
  /** Requests of earlier lives, or answered long ago. */
  readonly #past: Set<string>
  readonly #open: Set<string> = new Set()
  /** The message that brought the answer, by request; empty if no message did. */
  readonly #answered: Map<string, string> = new Map()
  /** The requests answered in the current step. */
  readonly #justNow: Set<string> = new Set()

  constructor(node: NodeId, before: Answered | undefined) {
    this.#node = node
    this.#past = before === undefined ? new Set() : before.#all()
  }

  stepBegins(): void {
    if (this.#justNow.size > 0) this.#justNow.clear()
  }

  asked(requestId: string): void {
    this.#open.add(requestId)
  }

  /**
   * Returns whether answering this request is right or why it is wrong; `late` if the client no longer waits, which is
   * not an error of the protocol.
   */
  answer(requestId: string, message: string): 'good' | 'late' | 'unknown' | 'twice' {
    if (this.#open.delete(requestId)) {
      this.#answered.set(requestId, message)
      this.#justNow.add(requestId)
      if (this.#answered.size > MOST_REMEMBERED) this.#forgetOldest()
      return 'good'
    }
    const before = this.#answered.get(requestId)
    if (before !== undefined) {
      // A network may deliver a message twice; its answer is then also sent twice.
      const again = message !== '' && message === before && !this.#justNow.has(requestId)
      return again ? 'late' : 'twice'
    }
    return this.#isPast(requestId) ? 'late' : 'unknown'
  }

  /**
   * Processes name requests after their node and its life, so the name alone identifies a request of an earlier life.
   */
  #isPast(requestId: string): boolean {
    return this.#past.has(requestId) || requestId.startsWith(`${this.#node}.`)
  }

  #all(): Set<string> {
    const all = new Set(this.#past)
    for (const id of this.#open) all.add(id)
    for (const id of this.#answered.keys()) all.add(id)
    return all
  }

  #forgetOldest(): void {
    for (const id of this.#answered.keys()) {
      this.#answered.delete(id)
      if (!id.startsWith(`${this.#node}.`)) this.#past.add(id)
      return
    }
  }
}
