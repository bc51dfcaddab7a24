import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { FileStreams } from './file-streams.ts'
import { refusedModule } from './refused.ts'

interface Streaming {
  readonly autoClose?: boolean
}

interface Reading {
  readonly buffer?: Buffer
  readonly offset?: number
  readonly length?: number
  readonly position?: number | null
}

const NOT_WRITTEN = Object.fromEntries(
  ['chmod', 'chown', 'readableWebStream', 'readv', 'utimes', 'writev'].map((name) => [name, () => {}]),
)
const refused = refusedModule('FileHandle', NOT_WRITTEN, 'is not implemented yet', 'Use read, write or readFile.')

/** Returns the object for an open file. `open` of `node:fs/promises` resolves to this object. */
export function fileHandle(
  opened: number,
  call: (name: string, ...args: unknown[]) => Promise<unknown>,
  streams: FileStreams,
): object {
  let fd = opened
  const closed = (): void => {
    fd = -1
  }
  const close = async (): Promise<void> => {
    const descriptor = fd
    closed()
    if (descriptor !== -1) await call('close', descriptor)
  }
  /**
   * Unless `autoClose` is false, a stream closes the file when the stream ends. The handle is then marked as closed.
   */
  const handedTo = <Stream extends Readable | Writable>(stream: Stream, options: Streaming = {}): Stream => {
    if (options.autoClose !== false) for (const end of ['end', 'finish', 'close']) stream.once(end, closed)
    return stream
  }
  const createReadStream = (options?: Streaming) => handedTo(streams.createReadStream('', { ...options, fd }), options)
  return {
    ...refused,
    get fd() {
      return fd
    },
    close,
    [Symbol.asyncDispose]: close,
    sync: () => call('fsync', fd),
    datasync: () => call('fsync', fd),
    stat: () => call('fstat', fd),
    truncate: (length?: number) => call('ftruncate', fd, length),
    readFile: (options?: unknown) => call('readFile', fd, options),
    writeFile: (data: unknown) => call('writeFile', fd, data),
    appendFile: (data: unknown) => call('writeFile', fd, data),
    async read(given: Buffer | Reading = {}, ...rest: unknown[]) {
      const [buffer, place] = placeOf(given, rest)
      return { bytesRead: await call('read', fd, buffer, ...place), buffer }
    },
    write: async (buffer: unknown, ...rest: unknown[]) => ({
      bytesWritten: await call('write', fd, buffer, ...rest),
      buffer,
    }),
    createReadStream,
    createWriteStream: (options?: Streaming) => handedTo(streams.createWriteStream('', { ...options, fd }), options),
    readLines: (options?: Streaming) =>
      createInterface({ input: createReadStream(options), crlfDelay: Number.POSITIVE_INFINITY }),
  }
}

/**
 * Returns the buffer to read into: `read(buffer, offset, length, position)`, `read(buffer, options)` or
 * `read(options)`.
 */
function placeOf(given: Buffer | Reading, rest: readonly unknown[]): [Buffer, readonly unknown[]] {
  const isBuffer = ArrayBuffer.isView(given)
  if (isBuffer && (typeof rest[0] !== 'object' || rest[0] === null)) return [given, rest]
  const options: Reading = isBuffer ? (rest[0] as Reading) : given
  const buffer = isBuffer ? given : (options.buffer ?? Buffer.alloc(USUAL_BYTES))
  const { offset = 0, length = buffer.byteLength - offset, position = null } = options
  return [buffer, [offset, length, position]]
}

/** The default size of a read in bytes, as in Node. */
const USUAL_BYTES = 16_384
