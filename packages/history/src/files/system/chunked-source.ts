/** The bytes of a file, in order, as they arrive. */
export interface Source {
  /** The file's size if it is an ordinary, uncompressed one. */
  readonly sizeBytes: number | undefined
  /** Fills part of `space` and returns how much; 0 at the end. Asynchronous only if it must be. */
  read(space: Uint8Array): number | Promise<number>
  close(): void
}

export interface ChunkedOptions {
  readonly sizeBytes?: number | undefined
  readonly close?: (() => unknown) | undefined
  /** What to throw for an error of the stream; by default that error. */
  readonly unreadable?: ((error: unknown) => unknown) | undefined
}

/** Streams deliver chunks of their own size; copies them into whatever space the reader has. */
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

/** The next chunk that is not empty, for an empty one would look like the end; undefined at the end. */
export async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return undefined
    if (next.value.length > 0) return next.value
  }
}
