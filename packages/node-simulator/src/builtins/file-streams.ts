import fs from 'node:fs'
import type { Path } from './file-calls.ts'

type StreamOptions = BufferEncoding | { readonly fd?: unknown } | null

/** The stream classes and functions of `node:fs`. */
export interface FileStreams {
  readonly ReadStream: typeof fs.ReadStream
  readonly WriteStream: typeof fs.WriteStream
  readonly createReadStream: (path: Path, options?: StreamOptions) => fs.ReadStream
  readonly createWriteStream: (path: Path, options?: StreamOptions) => fs.WriteStream
}

export function streamsOver(calls: { readonly [name: string]: unknown }): FileStreams {
  const over = (options: StreamOptions = {}): object => ({
    ...(typeof options === 'string' ? { encoding: options } : options),
    fs: calls,
  })
  const ReadStream = streamClass(fs.ReadStream, over)
  const WriteStream = streamClass(fs.WriteStream, over)
  return {
    ReadStream,
    WriteStream,
    createReadStream: (path, options) => make(ReadStream, path, options),
    createWriteStream: (path, options) => make(WriteStream, path, options),
  }
}

/** In Node's type declarations, the constructors of these classes have no parameters. */
const make = <Stream>(Class: new () => Stream, path: Path, options: StreamOptions | undefined): Stream =>
  Reflect.construct(Class, [path, options]) as Stream

/**
 * Returns a class like `Real` whose streams call the `fs` that `over` adds to their options. The new class has its own
 * prototype, so programs that modify this prototype do not modify that of `Real`.
 */
function streamClass<Class extends typeof fs.ReadStream | typeof fs.WriteStream>(
  Real: Class,
  over: (options?: StreamOptions) => object,
): Class {
  const Stream = function (this: unknown, path: Path, options?: StreamOptions): object {
    // graceful-fs calls this constructor without `new`. `this` is then an object of a class of graceful-fs.
    if (new.target === undefined && this instanceof Stream) {
      Reflect.apply(Real, this, [path, over(options)])
      return this
    }
    return Reflect.construct(Real, [path, over(options)], new.target ?? Stream) as object
  }
  Object.defineProperty(Stream, 'name', { value: Real.name, configurable: true })
  Stream.prototype = Object.create(Real.prototype as object, {
    constructor: { value: Stream, writable: true, configurable: true },
  })
  return Stream as unknown as Class
}
