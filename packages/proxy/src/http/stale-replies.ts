import type { WholeReply } from './reply.ts'

const MOST_REMEMBERED = 1000

/** Remembers, for each request, the answer before the last change. */
export class StaleReplies {
  readonly #answers: Map<string, { current: WholeReply; previous: WholeReply | undefined }> = new Map()

  /** Notes an answer, and returns the one before the last change. */
  note(request: string, reply: WholeReply): WholeReply | undefined {
    const known = this.#answers.get(request)
    if (known === undefined) {
      this.#answers.set(request, { current: reply, previous: undefined })
      if (this.#answers.size > MOST_REMEMBERED) {
        for (const oldest of this.#answers.keys()) {
          this.#answers.delete(oldest)
          break
        }
      }
      return undefined
    }
    if (!known.current.body.bytes.equals(reply.body.bytes) || known.current.status !== reply.status) {
      known.previous = known.current
      known.current = reply
    }
    return known.previous
  }
}
