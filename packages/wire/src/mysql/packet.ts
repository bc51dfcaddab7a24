import { MalformedMessage } from '../framing/malformed-message.ts'
import { HEADER_BYTES, LONGEST_PAYLOAD_BYTES } from './layout.ts'

/** A packet's sequence number within its command, and its payload. */
export interface Packet {
  readonly sequence: number
  readonly payload: Buffer
}

/** The size of the longest packet that does not continue in the next one. */
export const LONGEST_PACKET_BYTES: number = HEADER_BYTES + LONGEST_PAYLOAD_BYTES - 1

/** @throws MalformedMessage for a packet that continues in the next one. */
export function packetIn(frame: Buffer): Packet {
  const payload = frame.subarray(HEADER_BYTES)
  if (payload.length >= LONGEST_PAYLOAD_BYTES) throw new MalformedMessage('a packet of 16 MiB is not read')
  return { sequence: frame[HEADER_BYTES - 1] ?? 0, payload }
}

/** @throws RangeError for a payload of 16 MiB or more. */
export function packetOf({ sequence, payload }: Packet): Buffer {
  if (payload.length >= LONGEST_PAYLOAD_BYTES) throw new RangeError(`a payload of ${payload.length} bytes is too long`)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUIntLE(payload.length, 0, 3)
  header[3] = sequence & 0xff
  return Buffer.concat([header, payload])
}
