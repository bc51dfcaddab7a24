import type { NodeId } from '@chaosproxy/faults'

/** Beyond this many, old answers are forgotten; only the fact that the request was made is kept. */
const MOST_REMEMBERED = 10_000

/** Tracks the requests given to one node: those that wait for an answer and those that have had theirs. */
export class Answered {
  readonly #node: NodeId
  /** Requests of earlier lives, or answered long ago. */
  readonly #past: Set<string>
  readonly #open: Set<string> = new Set()
  /** Mapped to the message that brought the answer; empty if no message did. */
  readonly #answered: Map<string, string> = new Map()
  /** Answered in the present step. */
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
   * Why answering this request now is wrong; `late` if the client no longer waits, which is no fault of the protocol.
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
      // A network may deliver a message twice; its answer then comes twice too.
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
