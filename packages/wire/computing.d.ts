// The part of Node's API that only computes: memory, text, hashes, compression. Packages without I/O are compiled with
// only these types. Packages with I/O are compiled with Node's own types, which include these.

type BufferEncoding = 'utf8' | 'latin1' | 'base64' | 'hex'

interface Buffer extends Uint8Array<ArrayBufferLike> {
  compare(other: Uint8Array, otherStart?: number, otherEnd?: number, start?: number, end?: number): -1 | 0 | 1
  copy(target: Uint8Array, targetStart?: number, start?: number, end?: number): number
  equals(other: Uint8Array): boolean
  includes(value: string | number | Buffer, from?: number): boolean
  indexOf(value: string | number | Uint8Array, from?: number, encoding?: BufferEncoding): number
  readBigInt64BE(offset?: number): bigint
  readBigUInt64BE(offset?: number): bigint
  readDoubleLE(offset?: number): number
  readFloatLE(offset?: number): number
  readInt32BE(offset?: number): number
  readInt8(offset?: number): number
  readUInt16BE(offset?: number): number
  readUInt16LE(offset?: number): number
  readUInt32BE(offset?: number): number
  readUInt32LE(offset?: number): number
  readUInt8(offset?: number): number
  readUIntBE(offset: number, byteLength: number): number
  readUIntLE(offset: number, byteLength: number): number
  subarray(start?: number, end?: number): Buffer
  toString(encoding?: BufferEncoding, start?: number, end?: number): string
  write(text: string, offset: number, encoding?: BufferEncoding): number
  writeBigInt64BE(value: bigint, offset?: number): number
  writeBigUInt64BE(value: bigint, offset?: number): number
  writeInt32BE(value: number, offset?: number): number
  writeUInt16BE(value: number, offset?: number): number
  writeUInt16LE(value: number, offset?: number): number
  writeUInt32BE(value: number, offset?: number): number
  writeUInt8(value: number, offset?: number): number
  writeUIntBE(value: number, offset: number, byteLength: number): number
  writeUIntLE(value: number, offset: number, byteLength: number): number
}

declare const Buffer: {
  alloc(size: number): Buffer
  allocUnsafeSlow(size: number): Buffer
  byteLength(text: string): number
  concat(parts: readonly Uint8Array[]): Buffer
  from(text: string, encoding?: BufferEncoding): Buffer
  from(bytes: Uint8Array | readonly number[]): Buffer
  from(memory: ArrayBufferLike, byteOffset?: number, length?: number): Buffer
}

declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(text?: string)
  append(name: string, value: string): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string): boolean
  keys(): IterableIterator<string>
  set(name: string, value: string): void
  toString(): string
  [Symbol.iterator](): IterableIterator<[string, string]>
}

declare module 'node:buffer' {
  export function isUtf8(bytes: Uint8Array): boolean
}

declare module 'node:crypto' {
  export interface Hash {
    update(data: string | Uint8Array): Hash
    digest(encoding: 'hex'): string
  }
  export function createHash(algorithm: 'sha1' | 'sha256'): Hash
}

declare module 'node:zlib' {
  interface Limits {
    readonly maxOutputLength?: number
    readonly finishFlush?: number
  }
  export function brotliCompressSync(bytes: Uint8Array): Buffer
  export function brotliDecompressSync(bytes: Uint8Array, limits?: Limits): Buffer
  export function deflateSync(bytes: Uint8Array): Buffer
  export function gunzipSync(bytes: Uint8Array, limits?: Limits): Buffer
  export function gzipSync(bytes: Uint8Array): Buffer
  export function inflateRawSync(bytes: Uint8Array, limits?: Limits): Buffer
  export function inflateSync(bytes: Uint8Array, limits?: Limits): Buffer
}
