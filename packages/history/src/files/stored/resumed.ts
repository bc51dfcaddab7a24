import { setTimeout } from 'node:timers/promises'

/** How to read bytes that a connection may lose. */
export interface Resumable {
  /** The first byte to read, and the one after the last. */
  readonly from: number
  readonly to: number
  /** Opens a stream that begins with that byte. It may end, or break, before all have come. */
  readonly open: (from: number) => Promise<AsyncIterable<Uint8Array>>
  /** Whether to go on after such an error. */
  readonly isPassing: (error: unknown) => boolean
  /** Waits before it opens another stream. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** The stream ended early this many times, and nothing came in between. */
const ATTEMPTS = 6
const FIRST_WAIT_MS = 100

/**
 * Each byte once, in order, over as many streams as it takes.
 *
 * @throws the error of the last attempt, if several in a row brought nothing.
 */
export async function* resumed({
  from,
  to,
  open,
  isPassing,
  wait = setTimeout,
}: Resumable): AsyncGenerator<Uint8Array, void, undefined> {
  let at = from
  for (let attempt = 1; at < to; ) {
    const before = at
    try {
      for await (const chunk of await open(at)) {
        // More than was asked for belongs to somebody else.
        const wanted = chunk.length > to - at ? chunk.subarray(0, to - at) : chunk
        at += wanted.length
        if (wanted.length > 0) yield wanted
        if (at === to) return
      }
      if (at === before && attempt >= ATTEMPTS) throw new EndedEarly()
    } catch (error) {
      if (!isPassing(error) || (at === before && attempt >= ATTEMPTS)) throw error
    }
    attempt = at === before ? attempt + 1 : 1
    await wait(FIRST_WAIT_MS * 2 ** (attempt - 1))
  }
}

/** The store ended its stream before the announced length. */
class EndedEarly extends Error {
  override readonly name = 'EndedEarly'
}
