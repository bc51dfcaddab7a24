import { NotSimulated } from '../refusal.ts'
import { turn } from '../world/life.ts'

type Call = (this: unknown, ...args: unknown[]) => unknown

/**
 * The bytes of blobs that programs created. Only these can be read in a run, because Node itself reads a blob outside
 * of virtual time.
 */
const contents = new WeakMap<object, Buffer>()

function bytesOf(blob: object): Buffer {
  const bytes = contents.get(blob)
  if (bytes === undefined)
    throw new NotSimulated('reading a Blob that Node made', 'takes real time, not virtual time', 'Use an ArrayBuffer.')
  return bytes
}

function partBytes(part: unknown): Buffer {
  if (part instanceof Blob) return bytesOf(part)
  if (ArrayBuffer.isView(part)) return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  if (part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) return Buffer.from(part)
  return Buffer.from(String(part))
}

/** Returns a class like `Blob` or `File` that also records the content of programs' objects. */
export function noting<T extends new (...args: never[]) => object>(original: T): T {
  return new Proxy(original, {
    construct(target, args: unknown[], made) {
      // Parts may come from an iterator, which can be read only once.
      const parts = turn.life === undefined || args[0] === undefined ? undefined : [...(args[0] as Iterable<unknown>)]
      const blob = Reflect.construct(target, parts === undefined ? args : [parts, ...args.slice(1)], made) as object
      if (turn.life !== undefined) contents.set(blob, Buffer.concat((parts ?? []).map(partBytes)))
      return blob
    },
  })
}

const arrayBufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

const reads: { readonly [name: string]: (bytes: Buffer) => unknown } = {
  arrayBuffer: async (bytes) => arrayBufferOf(bytes),
  bytes: async (bytes) => new Uint8Array(bytes),
  text: async (bytes) => new TextDecoder().decode(bytes),
  stream: (bytes) =>
    new ReadableStream({
      type: 'bytes',
      start(controller) {
        if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes))
        controller.close()
      },
    }),
}

/** Replaces the members of `Blob.prototype` that read content. The new ones read the recorded content. */
export const blobMembers = (sliced: (blob: Blob, args: unknown[]) => Blob): { readonly [name: string]: Call } => ({
  ...Object.fromEntries(
    Object.entries(reads).map(([name, read]) => [
      name,
      function (this: unknown) {
        return read(bytesOf(this as object))
      },
    ]),
  ),
  slice(this: unknown, ...args) {
    const blob = this as Blob
    const slice = sliced(blob, args)
    // As in `Blob.prototype.slice`, bounds may be negative.
    const [start, end] = args as [number | undefined, number | undefined]
    contents.set(slice, Buffer.from(bytesOf(blob).subarray(start, end)))
    return slice
  },
})

/** Returns the result of `blob()` for Node's own requests and responses. */
export async function blobOfBody(body: Request | Response): Promise<Blob> {
  const type = body.headers.get('content-type') ?? ''
  return new Blob([await body.arrayBuffer()], { type })
}
