/** The frame types that the proxy interprets (RFC 9113 §4.1, §6). */
export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

export const HEADER_BYTES = 9
/** The client's connection preface (§3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export const typeOf = (frame: Buffer): number => frame[3] ?? 0
export const hasFlag = (frame: Buffer, flag: number): boolean => ((frame[4] ?? 0) & flag) !== 0
export const streamOf = (frame: Buffer): number => frame.readUInt32BE(5) & 0x7fffffff

/**
 * Whether a frame type belongs to header blocks. A block may span several frames, without other frames between them.
 */
export const isHeaderPart = (type: number): boolean =>
  type === FRAME.headers || type === FRAME.pushPromise || type === FRAME.continuation

export function framesOf(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3)
    frames.push(bytes.subarray(at, end))
    at = end
  }
  return frames
}

/**
 * Returns the part of a header block in HEADERS, PUSH_PROMISE or CONTINUATION, without padding and leading fields
 * (§6.2, §6.6).
 */
export function headerFragment(frame: Buffer): Buffer {
  if (typeOf(frame) === FRAME.continuation) return frame.subarray(HEADER_BYTES)
  const isPromise = typeOf(frame) === FRAME.pushPromise
  const isPrioritised = !isPromise && hasFlag(frame, FLAG.priority)
  return unpadded(frame, isPromise ? PROMISED_STREAM_BYTES : isPrioritised ? PRIORITY_BYTES : 0)
}

const PRIORITY_BYTES = 5
const PROMISED_STREAM_BYTES = 4

/** Returns the content of a DATA frame (§6.1). */
export const dataOf = (frame: Buffer): Buffer => unpadded(frame, 0)

function unpadded(frame: Buffer, skippedBytes: number): Buffer {
  const isPadded = hasFlag(frame, FLAG.padded)
  const start = HEADER_BYTES + (isPadded ? 1 : 0) + skippedBytes
  return frame.subarray(start, Math.max(start, frame.length - (isPadded ? (frame[HEADER_BYTES] ?? 0) : 0)))
}

/** Returns the error code of RST_STREAM (§6.4), or the last stream of GOAWAY (§6.8). */
export const firstWord = (frame: Buffer): number =>
  frame.length < HEADER_BYTES + 4 ? 0 : frame.readUInt32BE(HEADER_BYTES)

export const endsStream = (frame: Buffer): boolean =>
  (typeOf(frame) === FRAME.headers || typeOf(frame) === FRAME.data) && hasFlag(frame, FLAG.endStream)

/** Returns a frame that ends a stream with a code of `http2Codes`. */
export const resetStream = (stream: number, code: number): Buffer => frame(FRAME.resetStream, stream, [code])

/** Returns a GOAWAY frame, which announces that streams after `lastStream` will not be served. */
export const goaway = (lastStream: number, code: number): Buffer => frame(FRAME.goaway, 0, [lastStream, code])

/** Returns a frame that lets the peer send this many more bytes, on the connection or a stream. */
export const windowUpdate = (bytes: number, stream = 0): Buffer => frame(FRAME.windowUpdate, stream, [bytes])

export function dataFrame(stream: number, content: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUIntBE(content.length, 0, 3)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, content])
}

function frame(type: number, stream: number, words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * words.length)
  bytes.writeUIntBE(4 * words.length, 0, 3)
  bytes[3] = type
  bytes.writeUInt32BE(stream, 5)
  for (const [i, word] of words.entries()) bytes.writeUInt32BE(word, HEADER_BYTES + 4 * i)
  return bytes
}
