import type { NodeId } from '@chaosproxy/faults'

/** The number of requests whose answers are remembered. Of older requests, only the ids are remembered. */
const MOST_REMEMBERED = 10_000

export class Answered {
  readonly #node: NodeId
  /** Requests that this node received before its last restart, or answered long ago. */
  readonly #past: Set<string>
  readonly #open: Set<string> = new Set()
  /**
   * For each answered request: the text of the message that led to the answer. The text is empty if another event led
   * to the answer, such as a timer.
   */
  readonly #answered: Map<string, string> = new Map()
  readonly #justNow: Set<string> = new Set()

  constructor(node: NodeId, before: Answered | undefined) {
    this.#node = node
    this.#past = before === undefined ? new Set() : before.#all()
  }

  stepBegins(): void {
    if (this.#justNow.size > 0) this.#justNow.clear()
  }

  requestBegins(requestId: string): void {
    this.#open.add(requestId)
  }

  /** Checks an answer to this request. `late` is not an error: the client no longer waits. */
  answer(requestId: string, message: string): 'good' | 'late' | 'unknown' | 'twice' {
    if (this.#open.delete(requestId)) {
      this.#answered.set(requestId, message)
      this.#justNow.add(requestId)
      if (this.#answered.size > MOST_REMEMBERED) this.#forgetOldest()
      return 'good'
    }
    const before = this.#answered.get(requestId)
    if (before !== undefined) {
      // If a network delivers a message twice, the node sends its answer twice too.
      const again = message !== '' && message === before && !this.#justNow.has(requestId)
      return again ? 'late' : 'twice'
    }
    return this.#isPast(requestId) ? 'late' : 'unknown'
  }

  /**
   * Whether the node got this request long ago, or before its last restart. After the restart of a real process,
   * earlier requests are recognized only by their ids, which begin with the node's name.
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
