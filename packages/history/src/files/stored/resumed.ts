import { setTimeout } from 'node:timers/promises'

/** How to read bytes over connections that may break. */
export interface Resumable {
  /** The range of bytes to read: from byte `from` up to the byte before `to`. */
  readonly from: number
  readonly to: number
  /** Opens a stream that begins at byte `from`. It may end or break before all bytes have arrived. */
  readonly open: (from: number) => Promise<AsyncIterable<Uint8Array>>
  /** Whether to continue with a new stream after this error. */
  readonly isPassing: (error: unknown) => boolean
  /** Waits before opening another stream. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** Maximum number of successive streams that end early without delivering a byte. */
const ATTEMPTS = 6
const FIRST_WAIT_MS = 100

/**
 * Yields each byte once, in order, over as many streams as needed.
 *
 * @throws the error of the last attempt, if several streams in a row delivered nothing.
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
        // Drop bytes after the requested range.
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

/** Thrown if the store ended its stream before the announced length. */
class EndedEarly extends Error {
  override readonly name = 'EndedEarly'
}
