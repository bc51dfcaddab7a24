import { setTimeout } from 'node:timers/promises'

/** Options for reading over connections that may break. */
export interface Resumable {
  readonly from: number
  readonly to: number
  /** Opens a stream that begins at byte `from`. It may break early. */
  readonly open: (from: number) => Promise<AsyncIterable<Uint8Array>>
  /** Whether to retry after this error. */
  readonly isPassing: (error: unknown) => boolean
  /** Waits before opening another stream. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** Maximum number of successive streams that deliver nothing. */
const ATTEMPTS = 6
const FIRST_WAIT_MS = 100

/**
 * Yields each byte once, in order, over as many streams as needed.
 *
 * @throws the error of the last attempt.
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
        // Ignore bytes that the stream delivers beyond the requested range.
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

class EndedEarly extends Error {
  override readonly name = 'EndedEarly'
}
