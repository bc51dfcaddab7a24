export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export const isControl = (opcode: number): boolean => opcode >= OPCODE.close
export const isKnown = (opcode: number): boolean =>
  opcode <= OPCODE.binary || (isControl(opcode) && opcode <= OPCODE.pong)

export interface Frame {
  readonly final: boolean
  /** Whether the payload is compressed (the RSV1 bit, RFC 7692). */
  readonly compressed: boolean
  readonly opcode: number
  /** The payload, unmasked. */
  readonly payload: Buffer
}

/** Encodes a frame. Clients must mask the payload; a mask of zeros leaves it unchanged. */
export function encodeFrame(opcode: number, payload: Buffer, masked: boolean): Buffer {
  const { length } = payload
  const extendedBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const header = Buffer.alloc(2 + extendedBytes + (masked ? 4 : 0))
  header[0] = 0x80 | opcode
  header[1] = (masked ? 0x80 : 0) | (extendedBytes === 0 ? length : extendedBytes === 2 ? 126 : 127)
  if (extendedBytes === 2) header.writeUInt16BE(length, 2)
  if (extendedBytes === 8) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}

export function decodeFrames(bytes: Buffer): readonly Frame[] | undefined {
  const frames: Frame[] = []
  let at = 0
  while (at < bytes.length) {
    const second = bytes[at + 1]
    const first = bytes[at]
    if (first === undefined || second === undefined) return undefined
    const short = second & 0x7f
    const extendedBytes = short < 126 ? 0 : short === 126 ? 2 : 8
    const maskBytes = second >= 0x80 ? 4 : 0
    const start = at + 2 + extendedBytes + maskBytes
    if (start > bytes.length) return undefined
    const length = extendedBytes === 0 ? short : Number(readLength(bytes, at + 2, extendedBytes))
    if (start + length > bytes.length) return undefined
    const payload = Buffer.from(bytes.subarray(start, start + length))
    if (maskBytes > 0)
      for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[start - 4 + (i & 3)] ?? 0)
    frames.push({ final: first >= 0x80, compressed: (first & 0x40) !== 0, opcode: first & 0x0f, payload })
    at = start + length
  }
  return frames
}

const readLength = (bytes: Buffer, at: number, size: 2 | 8): number | bigint =>
  size === 2 ? bytes.readUInt16BE(at) : bytes.readBigUInt64BE(at)
