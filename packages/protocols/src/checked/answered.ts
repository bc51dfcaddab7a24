import type { NodeId } from '@chaosproxy/faults'

/** The number of remembered answers. Of older requests, only the ids remain. */
const MOST_REMEMBERED = 10_000

/** Tracks the requests given to one node. */
export class Answered {
  readonly #node: NodeId
  /** Requests of earlier lives, or answered long ago. */
  readonly #past: Set<string>
  readonly #open: Set<string> = new Set()
  /** By request: the message that led to the answer; empty for another event. */
  readonly #answered: Map<string, string> = new Map()
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

  /** Returns what is wrong with an answer, if anything. `late` is no error: the client no longer waits. */
  answer(requestId: string, message: string): 'good' | 'late' | 'unknown' | 'twice' {
    if (this.#open.delete(requestId)) {
      this.#answered.set(requestId, message)
      this.#justNow.add(requestId)
      if (this.#answered.size > MOST_REMEMBERED) this.#forgetOldest()
      return 'good'
    }
    const before = this.#answered.get(requestId)
    if (before !== undefined) {
      // A message delivered twice may be answered twice.
      const again = message !== '' && message === before && !this.#justNow.has(requestId)
      return again ? 'late' : 'twice'
    }
    return this.#isPast(requestId) ? 'late' : 'unknown'
  }

  /**
   * Whether the request is from before a restart, or old. A real process remembers none, but its requests' names begin
   * with the node's.
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
