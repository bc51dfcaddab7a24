import { editReply, type Reply } from './reply.ts'

const MOST_REMEMBERED = 1000
const MOST_REMEMBERED_BYTES = 64 * 1024 * 1024

interface Remembered {
  current: Reply
  previous: Reply | undefined
}

/**
 * Remembers, for each request, the response from before the last change. Forgets the oldest requests beyond a limit.
 */
export class StaleReplies {
  readonly #answers: Map<string, Remembered> = new Map()
  #bytes = 0

  /** Stores a response, and returns the one from before the last change. */
  note(request: string, given: Reply): Reply | undefined {
    const known = this.#answers.get(request)
    if (known !== undefined && known.current.status === given.status && isSame(known.current, given))
      return known.previous
    const reply = given.kind === 'until-close' ? withLength(given) : given
    if (known !== undefined) this.#forget(request, known)
    const remembered = { current: reply, previous: known?.current }
    this.#answers.set(request, remembered)
    this.#bytes += sizeOf(remembered)
    for (const [oldest, answers] of this.#answers) {
      if (this.#answers.size <= MOST_REMEMBERED && this.#bytes <= MOST_REMEMBERED_BYTES) break
      this.#forget(oldest, answers)
    }
    return remembered.previous
  }

  #forget(request: string, answers: Remembered): void {
    this.#answers.delete(request)
    this.#bytes -= sizeOf(answers)
  }
}

const isSame = (one: Reply, other: Reply): boolean => one.body.bytes.equals(other.body.bytes)

/** The raw bytes, and the content, which may be a part of them. */
const sizeOf = ({ current, previous }: Remembered): number =>
  [current, previous].reduce(
    (sum, reply) => sum + (reply === undefined ? 0 : reply.raw.length + reply.body.bytes.length),
    0,
  )

/** A response delimited by the end of its connection would have no end on another one. */
function withLength(reply: Reply): Reply {
  const { headers, body } = reply
  const { raw, headLength } = editReply(reply, { headers: { 'Content-Length': String(body.bytes.length) } }, 'GET')
  return { ...reply, raw, headLength, headers, kind: 'sized' }
}
