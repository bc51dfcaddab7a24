import fs from 'node:fs'
import type { Path } from '../disk/calls.ts'

export type StreamOptions = BufferEncoding | { readonly fd?: unknown } | null

/** Classes and functions of `node:fs`. */
export interface FileStreams {
  readonly ReadStream: typeof fs.ReadStream
  readonly WriteStream: typeof fs.WriteStream
  readonly createReadStream: (path: Path, options?: StreamOptions) => fs.ReadStream
  readonly createWriteStream: (path: Path, options?: StreamOptions) => fs.WriteStream
}

/** Node's own streams of files, which may be given other calls than those of this machine. */
export function streamsOver(calls: { readonly [name: string]: unknown }): FileStreams {
  const over = (options: StreamOptions = {}): object => ({
    ...(typeof options === 'string' ? { encoding: options } : options),
    fs: calls,
  })
  // Their types take no arguments.
  class ReadStream extends (fs.ReadStream as unknown as new (path: Path, options: object) => fs.ReadStream) {
    constructor(path: Path, options?: StreamOptions) {
      super(path, over(options))
    }
  }
  class WriteStream extends (fs.WriteStream as unknown as new (path: Path, options: object) => fs.WriteStream) {
    constructor(path: Path, options?: StreamOptions) {
      super(path, over(options))
    }
  }
  return {
    ReadStream: ReadStream as unknown as typeof fs.ReadStream,
    WriteStream: WriteStream as unknown as typeof fs.WriteStream,
    createReadStream: (path, options) => new ReadStream(path, options),
    createWriteStream: (path, options) => new WriteStream(path, options),
  }
}
