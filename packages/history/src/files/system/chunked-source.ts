export interface Source {
  /** Undefined for a compressed file, a pipe or a device. */
  readonly sizeBytes: number | undefined
  /**
   * Fills a part of `space` and returns the number of bytes; 0 at the end. Returns a promise only if it has to wait.
   */
  read(space: Uint8Array): number | Promise<number>
  close(): void
}

export interface ChunkedOptions {
  readonly sizeBytes?: number | undefined
  readonly close?: (() => unknown) | undefined
  /** Converts an error of the stream to the error to throw. */
  readonly unreadable?: ((error: unknown) => unknown) | undefined
}

/** Returns a source whose `read` copies the chunks of a stream into the space that the caller provides. */
export function chunkedSource(
  stream: AsyncIterable<Uint8Array>,
  { sizeBytes, close = () => {}, unreadable = (error) => error }: ChunkedOptions = {},
): Source {
  const chunks = stream[Symbol.asyncIterator]()
  let chunk: Uint8Array = new Uint8Array(0)
  const take = (space: Uint8Array): number => {
    const size = Math.min(space.length, chunk.length)
    space.set(chunk.subarray(0, size))
    chunk = chunk.subarray(size)
    return size
  }
  async function refill(space: Uint8Array): Promise<number> {
    try {
      chunk = (await nextOf(chunks)) ?? chunk
    } catch (error) {
      throw unreadable(error)
    }
    return take(space)
  }
  return { sizeBytes, read: (space) => (chunk.length > 0 ? take(space) : refill(space)), close }
}

/** The next non-empty chunk: an empty chunk would look like the end. */
export async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return undefined
    if (next.value.length > 0) return next.value
  }
}
